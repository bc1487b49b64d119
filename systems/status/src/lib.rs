//! Status: services, what was reported of them, and how everything stands now.
//!
//! Owns services and status events of a workspace and the public page. Refuses to know who reports and why:
//! incidents, maintenance windows and subscribers come as nouns of their own beside these two.

mod api_page;
mod events;
mod level;
mod services;

use types::Permission;
use utoipa_axum::router::OpenApiRouter;
use web::{Access, App, PermissionInfo, Realm, Rule, System};

const READ: Permission = Permission("status:read");
const WRITE: Permission = Permission("status:write");

const MIGRATIONS: db::Migrations =
    db::Migrations { system: "status", steps: &[db::migration!("0001_services")] };

const PERMISSIONS: &[PermissionInfo] = &[
    PermissionInfo {
        permission: READ,
        meaning: "See services and what was reported of them.",
        realm: Realm::Workspace,
        member: true,
    },
    PermissionInfo {
        permission: WRITE,
        meaning: "Report the status of services and name them.",
        realm: Realm::Workspace,
        member: false,
    },
];

/// Anybody may read how things stand: that is what a status page is for. Timelines name who reported.
const ACCESS: &[Access] = &[
    Access::new("get_status", Rule::Open(READ)),
    Access::new("get_service", Rule::Open(READ)),
    Access::new("update_service", Rule::Workspace(WRITE)),
    Access::new("list_service_events", Rule::Workspace(READ)),
    Access::new("list_status_events", Rule::Open(READ)),
    Access::new("get_status_event", Rule::Open(READ)),
    Access::new("list_status_event_events", Rule::Workspace(READ)),
    Access::new("create_status_event", Rule::Workspace(WRITE)),
];

/// What the binary lists.
pub const fn system() -> System {
    System {
        name: "status",
        routes,
        pages: api_page::pages,
        migrations: MIGRATIONS,
        permissions: PERMISSIONS,
        publishable: &[READ],
        access: ACCESS,
        events: events::EVENT_TYPES,
        ids: &[("svc", "service"), ("ste", "status event")],
        ..System::EMPTY
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(services::routes()).merge(events::routes())
}
