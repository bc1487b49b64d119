//! Things that may be named only in one place: SQL, drivers, HTTP types, the environment, tasks, the clock.

use crate::tree::Source;
use crate::{Finding, Tree};

/// A kind of name, and where it may stand.
struct Place {
    rule: &'static str,
    is: fn(&str) -> bool,
    may: fn(&Source) -> bool,
    to_do: &'static str,
}

const PLACES: [Place; 6] = [
    Place {
        rule: "drivers",
        is: |path| DRIVERS.contains(&first(path)),
        may: |source| source.under("kernel/db"),
        to_do: "go through `db::Db`: only kernel/db names a driver",
    },
    Place {
        rule: "axum",
        is: |path| first(path) == "axum",
        may: |source| source.under("kernel/web") || in_room(source, "api"),
        to_do: "keep HTTP types in `api*`, and use what `web` offers",
    },
    Place {
        rule: "environment",
        is: |path| ENVIRONMENT.iter().any(|name| path.ends_with(name)),
        may: |source| source.under("kernel/config"),
        to_do: "declare a setting with `config::section!`: it gets an origin and a meaning",
    },
    Place {
        rule: "spawn",
        is: |path| SPAWN.contains(&path),
        may: |source| source.under("kernel/tasks"),
        to_do: "use `tasks::TaskGroup` or `tasks::thread`, which shutdown awaits",
    },
    Place {
        rule: "clock",
        is: |path| CLOCK.contains(&path),
        may: |source| {
            source.path == "kernel/types/src/clock.rs"
                || source.under("kernel/tasks")
                || source.under("kernel/telemetry")
        },
        to_do: "ask `types::Clock` for the time and `tasks::Stopwatch` for a duration",
    },
    Place {
        rule: "outbound",
        is: |path| {
            OUTBOUND.iter().any(|name| {
                path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
        },
        // Mail speaks its own protocol, to the one server that the operator names.
        may: |source| source.under("kernel/outbound") || source.under("kernel/mail/src/smtp"),
        to_do: "call others through `outbound`, which refuses private addresses and counts",
    },
];

const DRIVERS: [&str; 6] = [
    "rusqlite",
    "libsqlite3_sys",
    "tokio_postgres",
    "tokio_postgres_rustls",
    "deadpool",
    "deadpool_postgres",
];
const ENVIRONMENT: [&str; 6] =
    ["env::var", "env::vars", "env::var_os", "env::vars_os", "env::set_var", "env::remove_var"];
const SPAWN: [&str; 8] = [
    "tokio::spawn",
    "tokio::task::spawn",
    "tokio::task::spawn_blocking",
    "tokio::task::spawn_local",
    "tokio::task::JoinSet",
    "std::thread::spawn",
    "std::thread::Builder",
    "std::thread::Builder::new",
];
const CLOCK: [&str; 4] =
    ["std::time::SystemTime::now", "std::time::Instant::now", "jiff::Timestamp::now", "jiff::Zoned::now"];
const OUTBOUND: [&str; 12] = [
    "reqwest",
    "hyper::client",
    "hyper_util::client",
    "hyper_rustls",
    "tokio_rustls::TlsConnector",
    "ureq",
    "isahc",
    "curl",
    "attohttpc",
    "minreq",
    "surf",
    "awc",
];
/// Words a statement begins with. A single word is no statement: `DELETE` is also a method.
const STATEMENTS: [&str; 12] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "WITH",
    "ALTER",
    "DROP",
    "PRAGMA",
    "BEGIN",
    "SAVEPOINT",
    "VACUUM",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = manifests(tree);
    for source in tree.rust().filter(|source| !source.is_test()) {
        for (line, path) in &source.mentions.paths {
            let full = source.mentions.resolved(path);
            for place in PLACES.iter().filter(|place| (place.is)(&full) && !(place.may)(source)) {
                findings.push(Finding::new(
                    place.rule,
                    &source.path,
                    *line,
                    format!("names `{full}`"),
                    place.to_do,
                ));
            }
        }
        if may_hold_sql(source) {
            continue;
        }
        for (line, text) in source.mentions.strings.iter().filter(|(_, text)| is_sql(text)) {
            let start: String = text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
            let what = format!("SQL text `{start} ...`");
            findings.push(Finding::new(
                "sql",
                &source.path,
                *line,
                what,
                "move the statement into the noun's store.rs",
            ));
        }
    }
    findings
}

/// A driver or another client in a manifest is the first step towards one in the code.
fn manifests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (drivers, outbound) = (&PLACES[0], &PLACES[5]);
    // The bench measures what the drivers do without us.
    for one in tree.crates.iter().filter(|one| one.folder != "bench") {
        for dependency in one.dependencies.iter().filter(|dependency| !dependency.dev) {
            let name = dependency.name.replace('-', "_");
            let driver = DRIVERS.contains(&name.as_str())
                && !matches!(one.folder.as_str(), "kernel/db" | "testkit/peers");
            let client = OUTBOUND.contains(&name.as_str()) && one.folder != "kernel/outbound";
            let (place, what) = match (driver, client) {
                (true, _) => (drivers, format!("depends on the driver `{}`", dependency.name)),
                (_, true) => (outbound, format!("depends on the HTTP client `{}`", dependency.name)),
                _ => continue,
            };
            let manifest = format!("{}/Cargo.toml", one.folder);
            findings.push(Finding::new(place.rule, &manifest, dependency.line, what, place.to_do));
        }
    }
    findings
}

fn first(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// `api.rs`, `api_public.rs`, or anything in a folder `api`.
fn in_room(source: &Source, room: &str) -> bool {
    let stem = source.stem();
    stem.split('_').next() == Some(room) || source.folders().any(|folder| folder == room)
}

fn may_hold_sql(source: &Source) -> bool {
    ["kernel/db", "kernel/query"].iter().any(|folder| source.under(folder))
        || in_room(source, "store")
        || source.folders().any(|folder| folder == "migrations")
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start();
    STATEMENTS.iter().any(|word| {
        text.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(char::is_whitespace) && !rest.trim().is_empty())
    })
}
