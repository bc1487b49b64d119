//! Settings that may change while the server runs: seen, changed, and applied without a restart.
//!
//! Owns the run-time layer in the database and its revision. Refuses to know what a setting means: kinds, layers and
//! checks are those of `config`.

mod api;
mod jobs;
mod model;
mod ops;
mod store;

use std::sync::Arc;
use std::time::Duration;

use types::Permission;
use web::{Access, PermissionInfo, Rule, System, Upkeep};

pub use jobs::adopt;

const MANAGE: Permission = Permission("settings:manage");

const MIGRATIONS: db::Migrations =
    db::Migrations { system: "settings", steps: &[db::migration!("0001_settings")] };

const PERMISSIONS: &[PermissionInfo] =
    &[PermissionInfo::installation(MANAGE, "See and change the settings of the installation.")];

const ACCESS: &[Access] = &[
    Access::new("get_settings", Rule::Installation(MANAGE)),
    Access::new("update_settings", Rule::Installation(MANAGE)),
];

/// Other nodes see a change within a second; the node that made it sees it at once.
const UPKEEP: &[Upkeep] =
    &[Upkeep { name: "settings", every: Duration::from_secs(1), run: |app| Box::pin(jobs::refresh(app)) }];

/// What the binary lists.
pub const fn system() -> System {
    System {
        name: "settings",
        routes: api::routes,
        migrations: MIGRATIONS,
        permissions: PERMISSIONS,
        access: ACCESS,
        events: model::EVENT_TYPES,
        audited: true,
        upkeep: UPKEEP,
        install: |parts| {
            parts.extensions.insert(Arc::new(jobs::Applied::default()));
            Ok(())
        },
        ..System::EMPTY
    }
}
