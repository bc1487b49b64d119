//! Activity: every reader of the journal that is not somebody's own page. Today the change feed, the live stream and the live socket;
//! webhooks and the audit come beside them.
//!
//! Owns how events reach a reader and how long they are kept. Refuses to know what any event means and to change
//! anything but its own bookkeeping.

mod feed;
mod followers;
mod jobs;
mod listeners;
mod live;
mod presence;
mod settings;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use telemetry::metrics::{Meaning, counter, gauge};
use types::{Permission, Rights};
use utoipa_axum::router::OpenApiRouter;
use web::{Access, App, PermissionInfo, Rank, Rule, System, Upkeep};

pub use settings::ActivitySettings;

const READ: Permission = Permission("events:read");

const PERMISSIONS: &[PermissionInfo] = &[PermissionInfo::workspace(
    READ,
    Rank::Viewer,
    "Read what happens in the workspace, as far as one may see what it happens to.",
)];

const ACCESS: &[Access] = &[
    Access::new("list_events", Rule::Workspace(READ)),
    Access::new("stream_events", Rule::Workspace(READ)),
    Access::new("open_live", Rule::Workspace(READ)).asks_later(),
];

const UPKEEP: &[Upkeep] = &[
    Upkeep { name: "old events", every: Duration::from_hours(1), run: jobs::prune },
    Upkeep { name: "nodes that are gone", every: Duration::from_hours(1), run: jobs::prune_presences },
];

const METRICS: &[Meaning] = &[
    gauge("event_streams_open", "Live streams and sockets that are open on this node."),
    gauge(
        "live_sockets_open",
        "Live sockets that are open on this node, those before their first message included.",
    ),
    counter("live_closes_total", "Live sockets that ended, by reason."),
    counter("live_gaps_total", "Live sockets that could not go on after the event they named."),
    counter("journal_follower_reads_total", "Reads of the journal for everybody who listens to a workspace."),
];

/// What the binary lists.
pub const fn system() -> System {
    System {
        name: "activity",
        routes,
        sections: &[&ActivitySettings::SECTION],
        permissions: PERMISSIONS,
        access: ACCESS,
        migrations: presence::MIGRATIONS,
        ids: &[("evt", "event"), ("con", "connection to the live socket")],
        upkeep: UPKEEP,
        metrics: METRICS,
        forget: Some(|tx, scope, _| Box::pin(presence::forget(tx, scope))),
        install: |parts| {
            parts.extensions.insert(Arc::new(listeners::Places::default()));
            parts.extensions.insert(Arc::new(followers::Followers::default()));
            parts.extensions.insert(Arc::new(presence::Presences::new(parts.db.clock().now())));
            let declared = parts
                .systems
                .iter()
                .flat_map(|system| system.events.iter().map(|event| (system.name, event.kind)));
            let catalogue = live::Catalogue::of(declared);
            parts.extensions.insert(Arc::new(catalogue));
            Ok(())
        },
        ..System::EMPTY
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(feed::routes()).merge(stream::routes()).merge(live::routes())
}

/// The kinds of events that somebody with these rights may read. What no system declares, nobody reads.
fn visible_kinds(app: &App, rights: &Rights) -> Vec<&'static str> {
    journal::visible_kinds(app.systems().iter().flat_map(|system| system.events), Some(rights))
}

/// Every kind of event that some system declares.
fn declared_kinds(app: &App) -> Vec<&'static str> {
    app.systems().iter().flat_map(|system| system.events).map(|event| event.kind).collect()
}
