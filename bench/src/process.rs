//! A target as a process: started, found ready, counted, ended by its id.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process and all it starts; gone when this is dropped.
pub struct Server(Child);

impl Server {
    /// What it says goes to the file.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let out = File::options().create(true).append(true).open(log).expect("a log");
        let err = out.try_clone().expect("the log again");
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}")))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits until something listens there.
    pub fn listens(&mut self, at: SocketAddr, log: &Path) {
        let began = Instant::now();
        while TcpStream::connect(at).is_err() {
            let ended = self.0.try_wait().expect("its state").is_some();
            if ended || began.elapsed() > Duration::from_secs(30) {
                panic!("nothing listens at {at}:\n{}", fs::read_to_string(log).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: i32) {
        let group = i32::try_from(self.pid()).expect("a pid");
        // SAFETY: the group was made for this child, which has not been waited for.
        unsafe { libc::kill(-group, signal) };
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(libc::SIGTERM);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) {
            if matches!(self.0.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.signal(libc::SIGKILL);
        let _ = self.0.wait();
    }
}

/// Runs it to its end; what it printed.
pub fn output(command: &mut Command) -> String {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(
        out.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// CPU time of these processes and all below them.
pub fn cpu(roots: &[u32]) -> Duration {
    let ticks: u64 = tree(roots).values().map(|(_, ticks)| ticks).sum();
    Duration::from_millis(ticks * 10)
}

/// Resident memory of these and all below them, in MiB.
pub fn resident(roots: &[u32]) -> f64 {
    let kib = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0)
    };
    tree(roots).keys().map(kib).sum::<f64>() / 1024.0
}

/// The parent and the spent ticks of each.
fn tree(roots: &[u32]) -> HashMap<u32, (u32, u64)> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        let number = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        all.insert(pid, (number(1) as u32, number(11) + number(12)));
    }
    let below = |pid: &u32| {
        let mut at = *pid;
        loop {
            if roots.contains(&at) {
                return true;
            }
            match all.get(&at) {
                Some((parent, _)) if *parent > 1 => at = *parent,
                _ => return false,
            }
        }
    };
    all.iter().filter(|(pid, _)| below(pid)).map(|(pid, what)| (*pid, *what)).collect()
}
