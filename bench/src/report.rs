//! What is printed and written: rows, ratios, and the goals they are held against.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::flame::Flame;
use crate::jobs::Jobs;
use crate::machine::Machine;
use crate::raw::Limit;
use crate::rights::Rights;
use crate::start::Start;

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// One target and one operation over HTTP.
pub struct Line {
    pub operation: &'static str,
    pub target: String,
    pub durability: String,
    pub most: f64,
    pub cpu: f64,
    /// The highest rate of the search that it kept up with.
    pub sustained: f64,
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
}

#[derive(Default)]
pub struct Report {
    pub lines: Vec<Line>,
    pub limits: Vec<Limit>,
    pub jobs: Vec<Jobs>,
    pub start: Option<Start>,
    pub rights: Option<Rights>,
    pub flames: Vec<Flame>,
    pub left_out: Vec<String>,
}

struct Goal<'a> {
    what: &'a str,
    this: Option<f64>,
    that: Option<f64>,
    goal: f64,
}

impl Report {
    fn most(&self, operation: &str, target: &str, durability: &str) -> Option<f64> {
        let same = |line: &&Line| {
            line.operation == operation
                && line.target.starts_with(target)
                && line.durability.starts_with(durability)
        };
        self.lines.iter().filter(same).map(|line| line.most).max_by(f64::total_cmp)
    }

    fn limit(&self, name: &str, durability: &str) -> Option<f64> {
        let same = |limit: &&Limit| limit.name.contains(name) && limit.durability.starts_with(durability);
        self.limits.iter().find(same).map(|limit| limit.rate)
    }

    fn done(&self, name: &str, durability: &str) -> Option<f64> {
        self.jobs
            .iter()
            .find(|jobs| jobs.name == name && jobs.durability.starts_with(durability))
            .map(|jobs| jobs.done)
    }

    fn goals(&self) -> Vec<Goal<'static>> {
        let (full, normal) = (
            |operation| self.most(operation, "Mainstay, SQLite", "FULL"),
            |operation| self.most(operation, "Mainstay, SQLite", "NORMAL"),
        );
        let pg = |operation| self.most(operation, "Mainstay, PostgreSQL", "");
        let jobs = |engine: &str| {
            self.done(&format!("Mainstay's queue, {engine}"), if engine == "SQLite" { "FULL" } else { "" })
        };
        vec![
            Goal {
                what: "S1 create FULL : the same unit below HTTP",
                this: full("create"),
                that: self.limit("SQLite, grouped", "FULL"),
                goal: 0.45,
            },
            Goal {
                what: "S1 create NORMAL : the same unit below HTTP",
                this: normal("create"),
                that: self.limit("SQLite, grouped", "NORMAL"),
                goal: 0.45,
            },
            Goal {
                what: "S1 create PostgreSQL : pgbench",
                this: pg("create"),
                that: self.limit("pgbench", ""),
                goal: 0.45,
            },
            Goal {
                what: "S1 create FULL : PocketBase (NORMAL)",
                this: full("create"),
                that: self.most("create", "PocketBase", ""),
                goal: 6.0,
            },
            Goal {
                what: "S1 create FULL : FastAPI FULL",
                this: full("create"),
                that: self.most("create", "FastAPI", "FULL"),
                goal: 12.0,
            },
            Goal {
                what: "S1 create FULL : FastAPI NORMAL",
                this: full("create"),
                that: self.most("create", "FastAPI", "NORMAL"),
                goal: 12.0,
            },
            Goal {
                what: "S1 create FULL : bare axum FULL (one by one)",
                this: full("create"),
                that: self.most("create", "bare", "FULL"),
                goal: f64::NAN,
            },
            Goal {
                what: "S2 read : bare axum",
                this: full("read"),
                that: self.most("read", "bare", ""),
                goal: 0.7,
            },
            Goal {
                what: "S2 read : PocketBase",
                this: full("read"),
                that: self.most("read", "PocketBase", ""),
                goal: 8.0,
            },
            Goal {
                what: "S2 read : FastAPI",
                this: full("read"),
                that: self.most("read", "FastAPI", ""),
                goal: 25.0,
            },
            Goal {
                what: "refresh SQLite FULL, 64 clients : 5,000/s",
                this: full("refresh"),
                that: Some(5_000.0),
                goal: 1.0,
            },
            Goal {
                what: "S4 jobs SQLite FULL : 10,000/s",
                this: jobs("SQLite"),
                that: Some(10_000.0),
                goal: 1.0,
            },
            Goal {
                what: "S4 jobs PostgreSQL : 10,000/s",
                this: jobs("PostgreSQL"),
                that: Some(10_000.0),
                goal: 1.0,
            },
            Goal {
                what: "S4 jobs SQLite FULL : Celery (everysec)",
                this: jobs("SQLite"),
                that: self.done("Celery + Redis, prefork", "appendfsync everysec"),
                goal: 10.0,
            },
            Goal {
                what: "S4 jobs PostgreSQL : Celery (everysec)",
                this: jobs("PostgreSQL"),
                that: self.done("Celery + Redis, prefork", "appendfsync everysec"),
                goal: 10.0,
            },
        ]
    }

    pub fn text(&self, machine: &Machine) -> String {
        let mut out = String::new();
        self.head(machine, &mut out);
        self.ratios(&mut out);
        self.http(&mut out);
        self.authorised(&mut out);
        self.below(&mut out);
        self.queues(&mut out);
        self.starts(&mut out);
        self.burnt(&mut out);
        for what in &self.left_out {
            let _ = writeln!(out, "- left out: {what}");
        }
        out
    }

    fn head(&self, machine: &Machine, out: &mut String) {
        let Machine { cores, cpu, memory, kernel, commit, date, fsyncs, load } = machine;
        let _ = writeln!(
            out,
            "Commit `{commit}`, {date}. {cores} cores of {cpu}, {memory:.0} GiB, {kernel}; one fdatasync after another: {fsyncs:.0} a second."
        );
        let _ = writeln!(
            out,
            "Client and server share the cores, neither is pinned. Load average when it began: {load}.\n"
        );
    }

    fn ratios(&self, out: &mut String) {
        let _ = writeln!(out, "| ratio | this | that | ratio | goal | |\n|---|---|---|---|---|---|");
        for Goal { what, this, that, goal } in self.goals() {
            let (Some(this), Some(that)) = (this, that) else {
                let _ = writeln!(out, "| {what} | | | not measured | {} | |", shown(goal));
                continue;
            };
            let ratio = this / that;
            let holds = if goal.is_nan() {
                ""
            } else if ratio >= goal {
                "holds"
            } else {
                "missed"
            };
            let _ =
                writeln!(out, "| {what} | {this:.0} | {that:.0} | {ratio:.2} | {} | {holds} |", shown(goal));
        }
        out.push('\n');
    }

    fn http(&self, out: &mut String) {
        if self.lines.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "Over HTTP, 64 connections. `most`: each waits for its answer, a second. `keeps`: the highest rate of the open search. p50, p99, p99.9 in ms at \
             70 % of that, from the intended moment.\n\n\
             | operation | target | durability | most | CPU us | keeps | p50 | p99 | p99.9 |\n|---|---|---|---:|---:|---:|---:|---:|---:|"
        );
        for Line { operation, target, durability, most, cpu, sustained, p50, p99, p999 } in &self.lines {
            let _ = writeln!(
                out,
                "| {operation} | {target} | {durability} | {most:.0} | {cpu:.0} | {sustained:.0} | {p50:.1} | {p99:.1} | {p999:.1} |"
            );
        }
        out.push('\n');
    }

    fn authorised(&self, out: &mut String) {
        let Some(Rights { signed_in, visitor, added, most }) = &self.rights else { return };
        let holds = if *added < 10.0 { "holds" } else { "missed" };
        let _ = writeln!(
            out,
            "One read in turns, CPU us; the middle of the turns.\n\n\
             | rights | signed in | visitor | added | at most | goal | |\n|---|---:|---:|---:|---:|---:|---|\n\
             | S2 authorisation | {signed_in:.1} | {visitor:.1} | {added:.1} | {most:.1} | 10 | {holds} |\n"
        );
    }

    fn below(&self, out: &mut String) {
        if self.limits.is_empty() {
            return;
        }
        let _ =
            writeln!(out, "Below HTTP.\n\n| limit | durability | a second | p99 ms |\n|---|---|---:|---:|");
        for Limit { name, durability, rate, p99 } in &self.limits {
            let p99 = if p99.is_nan() { String::new() } else { format!("{p99:.1}") };
            let _ = writeln!(out, "| {name} | {durability} | {rate:.0} | {p99} |");
        }
        out.push('\n');
    }

    fn queues(&self, out: &mut String) {
        if self.jobs.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "Jobs that do nothing. `asked`: enqueued a second, one commit each. `done`: from a full queue to the last end. Pick-up in ms, at the paced rate.\n\n\
             | queue | durability | asked | done | paced | p50 | p99 |\n|---|---|---:|---:|---:|---:|---:|"
        );
        for Jobs { name, durability, enqueued, done, p50, p99, paced } in &self.jobs {
            let _ = writeln!(
                out,
                "| {name} | {durability} | {enqueued:.0} | {done:.0} | {paced:.0} | {p50:.1} | {p99:.1} |"
            );
        }
        out.push('\n');
    }

    fn burnt(&self, out: &mut String) {
        for Flame { name, places } in &self.flames {
            let _ = writeln!(
                out,
                "CPU time of [{name}](bench/{name}.svg), SQLite FULL, 64 clients; the shares overlap.\n\n| {name} | % |\n|---|---:|"
            );
            for (what, share) in places {
                let _ = writeln!(out, "| {what} | {share:.1} |");
            }
            out.push('\n');
        }
    }

    fn starts(&self, out: &mut String) {
        let Some(Start { existing, fresh, resident, binary }) = &self.start else { return };
        let mut row = |what: &str, value: f64, unit: &str, goal: f64| {
            let holds = if value <= goal { "holds" } else { "missed" };
            let _ = writeln!(out, "| S9 {what} | {value:.1} {unit} | {goal} | {holds} |");
        };
        row("start to `/ready`, a folder that was used before", *existing, "ms", 150.0);
        row("start to `/ready`, an empty folder", *fresh, "ms", 150.0);
        row("resident after ten idle seconds", *resident, "MiB", 40.0);
        row("the stripped binary", *binary, "MiB", 60.0);
        // The head of the table comes first.
        let rows = out.find("| S9 ").unwrap_or(out.len());
        out.insert_str(rows, "| start | measured | goal | |\n|---|---:|---:|---|\n");
        out.push('\n');
    }
}

/// A ratio without a goal is told for what it says.
fn shown(goal: f64) -> String {
    if goal.is_nan() { String::new() } else { goal.to_string() }
}

/// Puts it between the marks of the page.
pub fn write(page: &Path, text: &str) {
    let old = fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let (before, rest) = old.split_once(BEGIN).expect("the page has the marks");
    let (_, after) = rest.split_once(END).expect("the page has the marks");
    fs::write(page, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim())).expect("the page");
}
