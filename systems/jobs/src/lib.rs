//! Jobs: watching and steering the work of the queue, and forgetting what is done.
//!
//! Owns what people see of jobs, queues and schedules. Refuses to know what any job does, and how one is run: that is
//! `kernel/queue`.

mod api;
pub mod control;
mod jobs;
mod model;
mod queues;
mod steering;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use journal::EventType;
use telemetry::metrics::{Meaning, gauge};
use types::Permission;
use utoipa_axum::router::OpenApiRouter;
use web::{Access, App, PermissionInfo, Rank, Rule, System, Upkeep};

const READ: Permission = Permission("jobs:read");
const WRITE: Permission = Permission("jobs:write");
const QUEUES: Permission = Permission("queues:manage");

const PERMISSIONS: &[PermissionInfo] = &[
    PermissionInfo::workspace(READ, Rank::Viewer, "See the jobs of the workspace and what they say."),
    PermissionInfo::workspace(WRITE, Rank::Admin, "Cancel jobs of the workspace and try them again."),
    PermissionInfo::installation(QUEUES, "See and steer queues, schedules and the jobs of the installation."),
];

const ACCESS: &[Access] = &[
    Access::new("list_jobs", Rule::Workspace(READ)),
    Access::new("get_job", Rule::Workspace(READ)),
    Access::new("list_job_events", Rule::Workspace(READ)),
    Access::new("stream_job_events", Rule::Workspace(READ)),
    Access::new("cancel_job", Rule::Workspace(WRITE)),
    Access::new("retry_job", Rule::Workspace(WRITE)),
    Access::new("list_installation_jobs", Rule::Installation(QUEUES)),
    Access::new("get_installation_job", Rule::Installation(QUEUES)),
    Access::new("list_installation_job_events", Rule::Installation(QUEUES)),
    Access::new("cancel_installation_job", Rule::Installation(QUEUES)),
    Access::new("retry_installation_job", Rule::Installation(QUEUES)),
    Access::new("list_queues", Rule::Installation(QUEUES)),
    Access::new("pause_queue", Rule::Installation(QUEUES)),
    Access::new("resume_queue", Rule::Installation(QUEUES)),
    Access::new("list_schedules", Rule::Installation(QUEUES)),
];

const fn event(at: usize) -> EventType {
    let (kind, meaning) = queue::EVENTS[at];
    EventType { kind, noun: "job", read: Some(READ), meaning }
}

const EVENTS: &[EventType; queue::EVENTS.len()] = &[event(0), event(1), event(2), event(3), event(4)];

const UPKEEP: &[Upkeep] = &[Upkeep { name: "jobs", every: Duration::from_secs(15), run: jobs::measure }];

const METRICS: &[Meaning] = &[
    gauge(
        "jobs_depth",
        "Jobs by queue and state: ready (counted up to 50,000 of a kind), delayed (50,000 in all), running, failed (50,000 of a queue).",
    ),
    gauge("jobs_oldest_ready_seconds", "For how long the oldest ready job of a queue could have run."),
    gauge("jobs_unknown_kinds", "Kinds of which jobs wait and which no version here knows."),
];

/// What the binary lists.
pub const fn system() -> System {
    System {
        name: "jobs",
        routes,
        permissions: PERMISSIONS,
        access: ACCESS,
        events: EVENTS,
        ids: &[("job", "job"), ("nod", "process that runs jobs")],
        upkeep: UPKEEP,
        jobs: || vec![jobs::PRUNE.registered()],
        schedules: jobs::SCHEDULES,
        metrics: METRICS,
        install: |parts| {
            parts.extensions.insert(Arc::new(stream::Places::default()));
            Ok(())
        },
        ..System::EMPTY
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(api::routes())
        .merge(steering::routes())
        .merge(queues::routes())
        .merge(stream::routes())
}
