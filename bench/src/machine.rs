//! What it was measured on.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

pub struct Machine {
    pub cores: usize,
    pub cpu: String,
    pub memory: f64,
    pub kernel: String,
    pub commit: String,
    pub date: String,
    pub fsyncs: f64,
    pub load: String,
}

impl Machine {
    pub fn look(folder: &Path) -> Self {
        let word = |file: &str, key: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
            line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
        };
        let kib: f64 = word("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0.0);
        Self {
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            cpu: word("/proc/cpuinfo", "model name"),
            memory: kib / 1024.0 / 1024.0,
            kernel: said("uname", &["-sr"]),
            commit: said("git", &["describe", "--always", "--dirty", "--abbrev=10"]),
            date: said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            fsyncs: fsyncs(folder),
            load: fs::read_to_string("/proc/loadavg")
                .unwrap_or_default()
                .split(' ')
                .next()
                .unwrap_or("")
                .to_owned(),
        }
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let out = Command::new(program).args(arguments).output();
    out.map_or("unknown".into(), |out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// Appends of 4 KiB, each with fdatasync, a second: what one durable commit after another could reach at most.
fn fsyncs(folder: &Path) -> f64 {
    let path = folder.join("fsync");
    let mut file = File::create(&path).expect("a file");
    let (began, mut count) = (Instant::now(), 0.0);
    while began.elapsed() < Duration::from_secs(1) {
        file.write_all(&[0; 4096]).expect("a write");
        file.sync_data().expect("a sync");
        count += 1.0;
    }
    let rate = count / began.elapsed().as_secs_f64();
    let _ = fs::remove_file(path);
    rate
}
