//! Checks of the machine and of what it allows this process.

use config::sections::Server;
use futures_util::future::{BoxFuture, ready};
use types::{Clock, Time};

use super::{Finding, Patient};
use crate::files;

pub(super) fn open_files(patient: &Patient) -> BoxFuture<'_, Finding> {
    let wanted = u64::from(patient.settings.get::<Server>().max_connections) + files::OWN;
    let limit = files::allowed();
    Box::pin(ready(if limit < wanted {
        Finding::warn(
            format!("{limit} allowed, {wanted} wanted for server.max_connections"),
            "Raise LimitNOFILE= in the unit or `ulimit -n`, or lower server.max_connections.",
        )
    } else {
        Finding::ok(format!("{limit} allowed"))
    }))
}

pub(super) fn memory(_: &Patient) -> BoxFuture<'_, Finding> {
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = group.as_deref().and_then(|text| text.trim().parse::<u64>().ok());
    Box::pin(ready(match limit {
        Some(bytes) if bytes < 128 << 20 => Finding::warn(
            format!("the container may use {} MiB", bytes >> 20),
            "Allow 256 MiB or more: hashing passwords needs some of it.",
        ),
        Some(bytes) => Finding::ok(format!("the container may use {} MiB", bytes >> 20)),
        None => Finding::ok("no limit of a container"),
    }))
}

/// Tokens and windows go by the clock. One that was never set is off by years.
pub(super) fn clock(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let now = Clock::system().now();
        // 2026-01-01: before this version was made.
        if now < Time::from_millis(1_767_225_600_000) {
            return Finding::fail(format!("it says {now}"), "Set the clock; switch a time service on.");
        }
        let Ok(db) = &patient.db else { return Finding::ok(now.to_string()) };
        if db.engine() != db::Engine::Postgres {
            return Finding::ok(now.to_string());
        }
        match super::store::time(db).await {
            Ok(theirs) if now.since(theirs).max(theirs.since(now)).as_secs() > 5 => Finding::warn(
                format!("here it is {now}, at the database {theirs}"),
                "Switch a time service on, on both machines.",
            ),
            _ => Finding::ok(now.to_string()),
        }
    })
}
