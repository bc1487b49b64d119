//! Activity: every reader of the journal that is not somebody's own page. Today the change feed and the live stream;
//! webhooks and the audit come beside them.
//!
//! Owns how events reach a reader and how long they are kept. Refuses to know what any event means and to change
//! anything but its own bookkeeping.

mod feed;
mod jobs;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use telemetry::metrics::{Meaning, gauge};
use types::{Permission, Rights};
use utoipa_axum::router::OpenApiRouter;
use web::{Access, App, PermissionInfo, Realm, Rule, System, Upkeep};

pub use stream::ActivitySettings;

const READ: Permission = Permission("events:read");

const PERMISSIONS: &[PermissionInfo] = &[PermissionInfo {
    permission: READ,
    meaning: "Read what happens in the workspace, as far as one may see what it happens to.",
    realm: Realm::Workspace,
    member: true,
}];

const ACCESS: &[Access] =
    &[Access::new("list_events", Rule::Workspace(READ)), Access::new("stream_events", Rule::Workspace(READ))];

const UPKEEP: &[Upkeep] = &[Upkeep { name: "old events", every: Duration::from_hours(1), run: jobs::prune }];

const METRICS: &[Meaning] =
    &[gauge("event_streams_open", "Live streams of events that are open on this node.")];

/// What the binary lists.
pub const fn system() -> System {
    System {
        name: "activity",
        routes,
        sections: &[&ActivitySettings::SECTION],
        permissions: PERMISSIONS,
        access: ACCESS,
        ids: &[("evt", "event")],
        upkeep: UPKEEP,
        metrics: METRICS,
        install: |parts| {
            parts.extensions.insert(Arc::new(stream::Places::default()));
            Ok(())
        },
        ..System::EMPTY
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(feed::routes()).merge(stream::routes())
}

/// The kinds of events that somebody with these rights may read. What no system declares, nobody reads.
fn visible_kinds(app: &App, rights: &Rights) -> Vec<&'static str> {
    journal::visible_kinds(app.systems().iter().flat_map(|system| system.events), Some(rights))
}
