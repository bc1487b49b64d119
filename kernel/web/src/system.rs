//! What a system is to the house: one value that names everything it brings along.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use telemetry::metrics::Meaning;
use types::{Error, Permission, Result};
use utoipa_axum::router::OpenApiRouter;

use crate::access::Access;
use crate::app::{App, Parts};

/// Where a permission counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// In one workspace.
    Workspace,
    /// Over the whole installation.
    Installation,
}

/// A permission that a system declares.
#[derive(Clone, Copy, Debug)]
pub struct PermissionInfo {
    pub permission: Permission,
    /// One line for the page of roles.
    pub meaning: &'static str,
    pub realm: Realm,
    /// Whether a plain member of a workspace has it; owners have all of their workspace.
    pub member: bool,
}

/// Work that comes back after a while: clean-ups. It runs on every node and must not mind that.
#[derive(Clone, Copy)]
pub struct Upkeep {
    pub name: &'static str,
    pub every: Duration,
    pub run: fn(App) -> BoxFuture<'static, Result<()>>,
}

/// A system. `mainstay` lists them; taking one out is deleting its folder and its line.
#[derive(Clone, Copy)]
pub struct System {
    pub name: &'static str,
    /// Handlers of the API, with their description.
    pub routes: fn() -> OpenApiRouter<App>,
    /// Plain pages outside the API: no credential is read for them.
    pub pages: fn() -> axum::Router<App>,
    pub migrations: db::Migrations,
    pub sections: &'static [&'static config::Section],
    pub permissions: &'static [PermissionInfo],
    /// Those of the workspace's permissions that everybody who looks at a web page may have, by a publishable key.
    pub publishable: &'static [Permission],
    pub access: &'static [Access],
    pub events: &'static [journal::EventType],
    /// Whether what it tells the journal is kept for the audit, longer than for the feed: changes of rights, of settings, of
    /// what leaves the house.
    pub audited: bool,
    /// Prefix of its ids, and what they name.
    pub ids: &'static [(&'static str, &'static str)],
    pub upkeep: &'static [Upkeep],
    /// Kinds of jobs that it asks for; each job is given an [`App`].
    pub jobs: fn() -> Vec<queue::Registered>,
    /// What it asks for by the clock.
    pub schedules: &'static [queue::Schedule],
    /// What it counts. A number that is counted and not named here fails a test.
    pub metrics: &'static [Meaning],
    /// Puts what the system keeps in memory where its handlers find it, and fulfils traits of the kernel.
    pub install: fn(&mut Parts) -> Result<()>,
}

impl System {
    /// A system that brings nothing; the base of the others.
    pub const EMPTY: Self = Self {
        name: "",
        routes: OpenApiRouter::new,
        pages: axum::Router::new,
        migrations: db::Migrations { system: "", steps: &[] },
        sections: &[],
        permissions: &[],
        publishable: &[],
        access: &[],
        events: &[],
        audited: false,
        ids: &[],
        upkeep: &[],
        jobs: Vec::new,
        schedules: &[],
        metrics: &[],
        install: |_| Ok(()),
    };
}

/// The tables of the kernel and of every system, in the order they are made.
pub fn migrations(systems: &[System]) -> Vec<db::Migrations> {
    let own = [journal::MIGRATIONS, queue::MIGRATIONS, crate::system().migrations];
    own.into_iter()
        .chain(systems.iter().map(|system| system.migrations))
        .filter(|all| !all.steps.is_empty())
        .collect()
}

/// The settings of the kernel and of every system.
pub fn sections(systems: &[System]) -> Vec<&'static config::Section> {
    let own = config::sections::KERNEL.iter();
    own.chain(systems.iter().flat_map(|system| system.sections)).copied().collect()
}

/// Every number that the process, the kernel and these systems give out.
pub fn metrics(systems: &[System]) -> Vec<Meaning> {
    let own = [
        telemetry::metrics::OWN,
        cache::METRICS,
        outbound::METRICS,
        mail::METRICS,
        db::METRICS,
        journal::METRICS,
        queue::METRICS,
        crate::edge::METRICS,
    ];
    own.into_iter().chain(systems.iter().map(|system| system.metrics)).flatten().copied().collect()
}

/// The kinds of jobs of the kernel and of every system, to be looked at.
pub fn kinds(systems: &[System]) -> Vec<queue::Registered> {
    let own = std::iter::once(mail::SEND.registered());
    own.chain(systems.iter().flat_map(|system| (system.jobs)())).collect()
}

/// The same, to be run. Two of one name would run each other's jobs.
pub fn jobs(app: &App) -> Result<Vec<queue::Registered>> {
    let mut kinds = kinds(app.systems());
    for (at, kind) in kinds.iter().enumerate() {
        if kinds[..at].iter().any(|other| other.name == kind.name) {
            return Err(Error::internal(format!("two systems have a kind of job named {}", kind.name)));
        }
    }
    kinds[0] = mail::registered(Arc::clone(app.mailer()));
    Ok(kinds)
}
