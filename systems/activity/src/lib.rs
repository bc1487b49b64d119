//! Activity: every reader of the journal that is not somebody's own page: the change feed, the live stream and the live socket,
//! webhooks and the audit.
//!
//! Owns how events reach a reader and how long they are kept. Refuses to know what any event means and to change
//! anything but its own bookkeeping.

mod audit;
mod feed;
mod followers;
mod jobs;
mod listeners;
mod live;
mod presence;
mod settings;
mod stream;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use telemetry::metrics::{Meaning, counter, gauge};
use types::{Permission, Rights};
use utoipa_axum::router::OpenApiRouter;
use web::{Access, App, PermissionInfo, Rank, Rule, System, Upkeep};

pub use settings::{ActivitySettings, AuditSettings, WebhookSettings};

const READ: Permission = Permission("events:read");

const AUDIT: Permission = Permission("audit:read");
const AUDIT_ALL: Permission = Permission("installation_audit:read");

const PERMISSIONS: &[PermissionInfo] = &[
    PermissionInfo::workspace(
        READ,
        Rank::Viewer,
        "Read what happens in the workspace, as far as one may see what it happens to.",
    ),
    PermissionInfo::workspace(
        AUDIT,
        Rank::Admin,
        "Read who did what in the workspace, when, and from which address.",
    ),
    PermissionInfo::installation(
        AUDIT_ALL,
        "Read sign-ins, refusals and changes of rights of the whole installation.",
    ),
    PermissionInfo::workspace(
        webhooks::READ,
        Rank::Admin,
        "See the webhooks of the workspace, and what was sent to them.",
    ),
    PermissionInfo::workspace(
        webhooks::MANAGE,
        Rank::Admin,
        "Make, change and test webhooks of the workspace, and send again what they missed.",
    ),
];

const ACCESS: &[Access] = &[
    Access::new("list_events", Rule::Workspace(READ)),
    Access::new("stream_events", Rule::Workspace(READ)),
    Access::new("open_live", Rule::Workspace(READ)).asks_later(),
    Access::new("list_audit", Rule::Workspace(AUDIT)),
    Access::new("list_installation_audit", Rule::Installation(AUDIT_ALL)),
    Access::new("list_webhooks", Rule::Workspace(webhooks::READ)),
    Access::new("get_webhook", Rule::Workspace(webhooks::READ)),
    Access::new("list_webhook_events", Rule::Workspace(webhooks::READ)),
    Access::new("list_webhook_deliveries", Rule::Workspace(webhooks::READ)),
    Access::new("get_webhook_delivery", Rule::Workspace(webhooks::READ)),
    Access::new("create_webhook", Rule::Workspace(webhooks::MANAGE)).fresh_unless_key(),
    Access::new("update_webhook", Rule::Workspace(webhooks::MANAGE)).fresh_unless_key(),
    Access::new("delete_webhook", Rule::Workspace(webhooks::MANAGE)),
    Access::new("test_webhook", Rule::Workspace(webhooks::MANAGE)),
    Access::new("rotate_webhook_secret", Rule::Workspace(webhooks::MANAGE)).fresh_unless_key(),
    Access::new("enable_webhook", Rule::Workspace(webhooks::MANAGE)),
    Access::new("replay_webhook_delivery", Rule::Workspace(webhooks::MANAGE)),
];

const MIGRATIONS: db::Migrations = db::Migrations {
    system: "activity",
    steps: &[
        presence::MIGRATION,
        webhooks::MIGRATION,
        webhooks::deliveries::MIGRATION,
        webhooks::deliveries::WAITING,
    ],
};

const SCHEDULES: &[queue::Schedule] = &[webhooks::jobs::FOLLOWING, webhooks::deliveries::jobs::PRUNING];

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
    counter(
        "webhook_deliveries_total",
        "Attempts to deliver to webhooks on this node, by outcome: delivered, failed, given_up.",
    ),
    counter("webhook_gaps_total", "Times that the journal had forgotten what webhooks were not told yet."),
    gauge(
        "webhook_lag_seconds",
        "For how long the oldest event has waited that webhooks were not told of yet.",
    ),
];

/// What the binary lists.
pub const fn system() -> System {
    System {
        name: "activity",
        routes,
        sections: &[&ActivitySettings::SECTION, &AuditSettings::SECTION, &WebhookSettings::SECTION],
        permissions: PERMISSIONS,
        access: ACCESS,
        events: webhooks::EVENTS,
        audited: true,
        migrations: MIGRATIONS,
        ids: &[
            ("evt", "event"),
            ("con", "connection to the live socket"),
            ("whk", "webhook"),
            ("whd", "delivery to a webhook"),
        ],
        upkeep: UPKEEP,
        jobs: || {
            use webhooks::deliveries::jobs::{DELIVER, PRUNE};
            vec![webhooks::jobs::FOLLOW.registered(), DELIVER.registered(), PRUNE.registered()]
        },
        schedules: SCHEDULES,
        metrics: METRICS,
        forget: Some(|tx, scope, most| Box::pin(forget(tx, scope, most))),
        install: |parts| {
            let places = web::Places::shown(|taken| metrics::gauge!("event_streams_open").set(taken));
            parts.extensions.insert(Arc::new(places));
            parts.extensions.insert(Arc::new(followers::Followers::default()));
            parts.extensions.insert(Arc::new(webhooks::Webhooks::new(&parts.keys)));
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

/// What a workspace that is being forgotten has here.
async fn forget(tx: &mut db::Tx, scope: &types::Scope, most: i64) -> types::Result<u64> {
    match webhooks::forget(tx, scope, most).await? {
        0 => presence::forget(tx, scope).await,
        removed => Ok(removed),
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(feed::routes())
        .merge(stream::routes())
        .merge(live::routes())
        .merge(audit::routes())
        .merge(webhooks::routes())
}

/// The kinds of events that somebody with these rights may read. What no system declares, nobody reads.
fn visible_kinds(app: &App, rights: &Rights) -> Vec<&'static str> {
    journal::visible_kinds(app.systems().iter().flat_map(|system| system.events), Some(rights))
}

/// Every kind of event that some system declares.
fn declared_kinds(app: &App) -> Vec<&'static str> {
    app.systems().iter().flat_map(|system| system.events).map(|event| event.kind).collect()
}

/// The kinds that are kept for the audit.
fn audited_kinds(app: &App) -> Vec<&'static str> {
    let audited = app.systems().iter().filter(|system| system.audited);
    audited.flat_map(|system| system.events).map(|event| event.kind).collect()
}

/// Whether a kind is of the wanted type: itself, or every one of a noun as `member.*`.
fn is_of(kind: &str, wanted: &str) -> bool {
    match wanted.strip_suffix(".*") {
        Some(noun) => !noun.is_empty() && kind.strip_prefix(noun).is_some_and(|rest| rest.starts_with('.')),
        None => kind == wanted,
    }
}

/// Webhooks that were switched off, as (workspace, id, host, reason): for the doctor. At most so many.
pub async fn webhooks_switched_off(
    rx: &mut db::Read,
    by: &types::Installation,
    most: u32,
) -> types::Result<Vec<[String; 4]>> {
    let all = webhooks::switched_off(rx, by, most).await?;
    let told = all.into_iter().map(|row| {
        let host = row.host().to_owned();
        [row.workspace.to_string(), row.id.to_string(), host, row.reason.unwrap_or_default()]
    });
    Ok(told.collect())
}
