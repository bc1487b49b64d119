//! Speed, side by side: Mainstay, what stands below it, and what stands beside it, in one run on one machine under one client.
//!
//! `scripts/bench.sh [--seconds S] [--write] [PART...]`; the parts are `raw`, `create`, `read`, `refresh`, `rights`, `jobs`, `start`,
//! `flame`.

mod flame;
mod jobs;
mod load;
mod machine;
mod place;
mod process;
mod raw;
mod refresh;
mod report;
mod rights;
mod start;
mod targets;

use std::time::Duration;

use load::{Request, closed, open};
use machine::Machine;
use place::Place;
use report::{Line, Report};
use targets::{Durability, Engine, Mainstay, Target};

const PARTS: [&str; 8] = ["raw", "create", "read", "refresh", "rights", "jobs", "start", "flame"];
const BOTH: [Durability; 2] = [Durability::Full, Durability::Normal];

struct Wanted {
    seconds: f64,
    write: bool,
    parts: Vec<String>,
}

impl Wanted {
    fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|one| one == part)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [order, address, durability, file] = &arguments[..]
        && order == "serve-bare"
    {
        return targets::serve_bare(address.parse().expect("an address"), durability, file.into());
    }
    let wanted = read(arguments);
    let place = Place::from_environment(wanted.seconds);
    let machine = Machine::look(place.work.path());
    let server = peers::Postgres::start(peers::Options { fsync: true });
    let mut report = Report::default();
    if wanted.has("raw") {
        raw(&place, &server, &mut report);
    }
    if wanted.has("create") || wanted.has("read") || wanted.has("flame") {
        http(&wanted, &place, &server, &mut report);
    }
    if wanted.has("refresh") {
        for durability in BOTH {
            let target = targets::mainstay(&place, Engine::Sqlite(durability));
            let line = refresh::refresh(&place, &target, || targets::refresh_token(target.address));
            report.lines.push(line);
        }
    }
    if wanted.has("rights") {
        let target = targets::mainstay(&place, Engine::Sqlite(Durability::Full));
        report.rights = Some(rights::rights(&place, &target));
    }
    if wanted.has("jobs") {
        queues(&place, &server, &mut report);
    }
    if wanted.has("start") {
        eprintln!("start");
        report.start = Some(start::start(&place, Duration::from_secs(10)));
    }
    let text = report.text(&machine);
    println!("{text}");
    if wanted.write {
        report::write(&place.here.join("../docs/bench.md"), &text);
    }
}

fn read(arguments: Vec<String>) -> Wanted {
    let mut wanted = Wanted { seconds: 3.0, write: false, parts: Vec::new() };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seconds" => {
                wanted.seconds = arguments.next().and_then(|text| text.parse().ok()).expect("--seconds S")
            }
            "--write" => wanted.write = true,
            part if PARTS.contains(&part) => wanted.parts.push(argument),
            other => panic!("{other} is none of {PARTS:?}, --seconds S, --write"),
        }
    }
    if wanted.parts.is_empty() {
        wanted.parts = PARTS.map(str::to_owned).to_vec();
    }
    wanted
}

fn raw(place: &Place, server: &peers::Postgres, report: &mut Report) {
    for durability in BOTH {
        eprintln!("raw SQLite {}", durability.word());
        let made = Mainstay::new(place, Engine::Sqlite(durability));
        report.limits.push(raw::grouped("sqlite", &made.folder, durability, place.span));
        report.limits.push(raw::single(&made.folder, durability, place.span));
    }
    eprintln!("raw PostgreSQL");
    let database = server.fresh_database();
    let made = Mainstay::new(place, postgres(server, &database));
    report.limits.push(raw::grouped(&database.url, &made.folder, Durability::Full, place.span));
    report.limits.push(raw::pgbench(place, &database.url, &made.folder, place.span));
}

fn postgres(server: &peers::Postgres, database: &peers::Database) -> Engine {
    Engine::Postgres { url: database.url.clone(), pid: server.pid().expect("it runs") }
}

fn http(wanted: &Wanted, place: &Place, server: &peers::Postgres, report: &mut Report) {
    let flames = |target: &Target, report: &mut Report| {
        for (name, request) in [("create", target.create()), ("read", target.read())] {
            match flame::flame(place, name, target, &request, place.span) {
                Some(flame) => report.flames.push(flame),
                None => {
                    report.left_out.push(format!("the flame graph of {name}: there is no perf that may look"))
                }
            }
        }
    };
    for durability in BOTH {
        let target = targets::mainstay(place, Engine::Sqlite(durability));
        both(wanted, place, &target, report);
        if wanted.has("flame") && durability == Durability::Full {
            flames(&target, report);
        }
    }
    if !wanted.has("create") && !wanted.has("read") {
        return;
    }
    let database = server.fresh_database();
    both(wanted, place, &targets::mainstay(place, postgres(server, &database)), report);
    for durability in BOTH {
        both(wanted, place, &targets::bare(place, durability), report);
    }
    match targets::pocketbase(place) {
        Some(target) => both(wanted, place, &target, report),
        None => report.left_out.push("PocketBase, which could not be built here".into()),
    }
    for durability in BOTH {
        for workers in [1, 2] {
            both(wanted, place, &targets::fastapi(place, durability, workers), report);
        }
    }
}

fn both(wanted: &Wanted, place: &Place, target: &Target, report: &mut Report) {
    if wanted.has("create") {
        measure("create", place, target, &target.create(), report);
    }
    if wanted.has("read") {
        measure("read", place, target, &target.read(), report);
    }
}

/// The most it does, the rate that it keeps up with, and how long it takes at 70 % of that.
fn measure(operation: &'static str, place: &Place, target: &Target, request: &Request, report: &mut Report) {
    let most = closed(target.address, request, place.span, &target.pids);
    let mut sustained = 0.0;
    for part in [0.95, 0.85, 0.75, 0.6, 0.45, 0.3] {
        let run = open(target.address, request, most.rate * part, place.span / 2);
        if run.sustained {
            sustained = run.rate;
            break;
        }
    }
    let run = open(target.address, request, sustained.max(1.0) * 0.7, place.span);
    let line = Line {
        operation,
        target: target.name.clone(),
        durability: target.durability.clone(),
        most: most.rate,
        cpu: most.cpu,
        sustained,
        p50: run.latencies.quantile(0.5),
        p99: run.latencies.quantile(0.99),
        p999: run.latencies.quantile(0.999),
    };
    eprintln!(
        "{operation} {} {}: most {:.0}/s (p99 {:.1} ms), CPU {:.0} us, keeps {sustained:.0}/s, at {:.0}/s p50 {:.1} p99 {:.1} p99.9 {:.1}",
        line.target,
        line.durability,
        line.most,
        most.latencies.quantile(0.99),
        line.cpu,
        run.rate,
        line.p50,
        line.p99,
        line.p999
    );
    report.lines.push(line);
}

fn queues(place: &Place, server: &peers::Postgres, report: &mut Report) {
    for told in [false, true] {
        eprintln!("jobs, told {told}");
        report.jobs.push(jobs::house("sqlite", &place.folder("queue"), Durability::Full, told, place.span));
        if !told {
            report.jobs.push(jobs::house(
                "sqlite",
                &place.folder("queue"),
                Durability::Normal,
                told,
                place.span,
            ));
        }
        let database = server.fresh_database();
        report.jobs.push(jobs::house(
            &database.url,
            &place.folder("queue"),
            Durability::Full,
            told,
            place.span,
        ));
    }
    for fsync in ["everysec", "always"] {
        eprintln!("Celery, {fsync}");
        report.jobs.push(jobs::celery(place, fsync, place.span));
    }
}
