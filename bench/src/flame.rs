//! Where the time of a target goes: sampled by `perf` from outside, drawn as an SVG, and counted by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use inferno::collapse::Collapse;
use inferno::collapse::perf::Folder;
use inferno::flamegraph;

use crate::load::{Request, closed};
use crate::place::Place;
use crate::targets::Target;

/// Functions in the list that goes with a picture.
const LISTED: usize = 60;

/// What is worth telling apart, and the functions by which it is known. They overlap: a share is of everything in which one of
/// them ran or waited for what it called.
const PLACES: [(&str, &[&str]); 14] = [
    ("the system calls of all kinds", &["entry_SYSCALL_64"]),
    (
        "writing to and reading from sockets",
        &["sock_write_iter", "sock_read_iter", "__sys_recvfrom", "tcp_sendmsg", "tcp_recvmsg"],
    ),
    ("waking and waiting for other threads", &["do_futex"]),
    ("the writer's thread", &["db-writer"]),
    ("SQLite, running statements", &["sqlite3_step", "sqlite3VdbeExec"]),
    (
        "SQLite, looking statements up and preparing them",
        &["prepare_cached", "sqlite3_prepare", "sqlite3LockAndPrepare"],
    ),
    ("SQL text read again for its numbers", &["db::sql::numbered"]),
    ("SQL text made by format!", &["alloc::fmt::format"]),
    ("waiting for the disk", &["fdatasync", "fsync"]),
    ("the line of the log", &["tracing_subscriber::", "telemetry::"]),
    ("metrics", &["metrics::", "metrics_exporter_prometheus::", "metrics_util::"]),
    ("hashing, sealing, signatures", &["ring::", "ring_core", "sha2", "_sha256_"]),
    ("JSON", &["serde_json::"]),
    ("the allocator", &["malloc", "_int_free", "cfree", "mi_", "realloc"]),
];

/// A share of the CPU time, in per cent, by what it went to.
pub struct Flame {
    pub name: String,
    pub places: Vec<(&'static str, f64)>,
}

/// Draws `docs/bench/NAME.svg`, and gives back where the time went. `None` where there is no `perf` that may look.
pub fn flame(place: &Place, name: &str, target: &Target, request: &Request, span: Duration) -> Option<Flame> {
    let data = place.work.path().join(format!("{name}.perf"));
    let mut perf = Command::new("perf");
    // The clock's period counts, so a weight is nanoseconds.
    perf.args(["record", "--quiet", "-F", "499", "-e", "cpu-clock", "--call-graph", "dwarf,16384", "-o"])
        .arg(&data);
    perf.arg("-p").arg(target.pids[0].to_string()).arg("--").arg("sleep").arg(span.as_secs_f64().to_string());
    let mut perf = perf.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    closed(target.address, request, span, &target.pids);
    if !perf.wait().ok()?.success() {
        return None;
    }
    let folded = fold(&data)?;
    let docs = place.here.join("../docs/bench");
    fs::create_dir_all(&docs).ok()?;
    draw(&folded, name, &docs.join(format!("{name}.svg")))?;
    if let Some(keep) = std::env::var_os("MAINSTAY_TEST_BENCH_KEEP") {
        fs::write(Path::new(&keep).join(format!("{name}.folded")), &folded).ok()?;
        fs::write(Path::new(&keep).join(format!("{name}.txt")), heaviest(&folded)).ok()?;
    }
    Some(Flame { name: name.into(), places: places(&folded) })
}

fn places(folded: &str) -> Vec<(&'static str, f64)> {
    let lines: Vec<(&str, u64)> = folded
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(stack, count)| (stack, count.parse().unwrap_or(0)))
        .collect();
    let all: u64 = lines.iter().map(|(_, count)| count).sum();
    let share = |names: &[&str]| {
        let in_it = lines.iter().filter(|(stack, _)| names.iter().any(|name| stack.contains(name)));
        in_it.map(|(_, count)| count).sum::<u64>() as f64 * 100.0 / all.max(1) as f64
    };
    PLACES.iter().map(|(what, names)| (*what, share(names))).collect()
}

fn fold(data: &Path) -> Option<String> {
    let script = data.with_extension("script");
    let mut perf = Command::new("perf");
    perf.args(["script", "--no-inline", "-i"])
        .arg(data)
        .stdout(File::create(&script).ok()?)
        .stderr(Stdio::null());
    perf.status().ok()?.success().then_some(())?;
    let mut folded = Vec::new();
    Folder::default().collapse(BufReader::new(File::open(&script).ok()?), &mut folded).ok()?;
    String::from_utf8(folded).ok()
}

fn draw(folded: &str, name: &str, to: &Path) -> Option<()> {
    let mut options = flamegraph::Options::default();
    options.title = format!("Mainstay, {name}, 64 clients");
    options.min_width = 0.3;
    options.hash = true;
    let svg = BufWriter::new(File::create(to).ok()?);
    flamegraph::from_lines(&mut options, folded.lines(), svg).ok()
}

/// Functions by the share of samples in which they or what they called ran.
fn heaviest(folded: &str) -> String {
    let (mut all, mut below, mut own) = (0_u64, BTreeMap::new(), BTreeMap::new());
    for line in folded.lines() {
        let Some((stack, count)) = line.rsplit_once(' ') else { continue };
        let count: u64 = count.parse().unwrap_or(0);
        all += count;
        let frames: Vec<&str> = stack.split(';').collect();
        for frame in frames.iter().collect::<BTreeSet<_>>() {
            *below.entry(*frame).or_insert(0) += count;
        }
        *own.entry(frames[frames.len() - 1]).or_insert(0) += count;
    }
    let share = |count: u64| count as f64 * 100.0 / all.max(1) as f64;
    let list = |counts: BTreeMap<&str, u64>, title: &str| {
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let lines =
            counts.into_iter().take(LISTED).map(|(name, count)| format!("{:6.1} %  {name}\n", share(count)));
        format!("{title}, of {} ms of CPU\n{}", all / 1_000_000, lines.collect::<String>())
    };
    format!("{}\n{}", list(own, "on top of the stack"), list(below, "in the stack"))
}
