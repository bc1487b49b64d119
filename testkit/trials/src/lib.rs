//! Trials: the smallest honest workload. One commit writes a row, its event, its job and its kept reply.
//!
//! Owns that row. Refuses to know who kills the process, and to be in a binary that is handed out: only a build with the
//! feature `trials` of the binary has it.

mod api;
mod jobs;
mod model;
mod ops;
mod settings;
mod store;

pub use settings::TrialsSettings;

use journal::EventType;
use types::Permission;
use utoipa_axum::router::OpenApiRouter;
use web::{Access, PermissionInfo, Rank, Rule, System};

const READ: Permission = Permission("trials:read");
const WRITE: Permission = Permission("trials:write");

const PERMISSIONS: &[PermissionInfo] = &[
    PermissionInfo::workspace(READ, Rank::Viewer, "See trials."),
    PermissionInfo::workspace(WRITE, Rank::Admin, "Make trials."),
];

const ACCESS: &[Access] =
    &[Access::new("get_trial", Rule::Workspace(READ)), Access::new("create_trial", Rule::Workspace(WRITE))];

const EVENT_TYPES: &[EventType] =
    &[EventType { kind: "trial.made", noun: "trial", read: None, meaning: "A trial was made." }];

/// What a binary under test lists.
pub const fn system() -> System {
    System {
        name: "trials",
        routes: || {
            OpenApiRouter::new()
                .routes(utoipa_axum::routes!(api::create_trial))
                .routes(utoipa_axum::routes!(api::get_trial))
        },
        migrations: db::Migrations { system: "trials", steps: &[db::migration!("0001_trials")] },
        sections: &[&TrialsSettings::SECTION],
        permissions: PERMISSIONS,
        access: ACCESS,
        events: EVENT_TYPES,
        ids: &[("tri", "trial")],
        jobs: || vec![jobs::DELIVER.registered()],
        ..System::EMPTY
    }
}
