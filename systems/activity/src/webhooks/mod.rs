//! Webhooks: telling servers of others what happens in a workspace.
//!
//! Owns where a workspace has what told to, the secrets that are signed with, and reading the journal for all of them: its
//! place moves on in the commit that makes the deliveries, so nothing is missed. Refuses to know what events mean, and to send
//! what they say: whoever hears of one asks for the thing, and is authorised for the answer. Sending is [`deliveries`].

mod api;
mod api_shapes;
pub(crate) mod deliveries;
pub(crate) mod jobs;
mod masks;
mod model;
mod model_patterns;
mod ops;
mod ops_follower;
mod secret;
mod store;
mod store_follower;

use db::{Migration, Tx};
use journal::EventType;
use types::{Permission, Result, Scope};
use web::{Keys, Seal};

pub(crate) use api::routes;
pub(crate) use store_follower::switched_off;

pub(crate) const READ: Permission = Permission("webhooks:read");
pub(crate) const MANAGE: Permission = Permission("webhooks:manage");

pub(crate) const MIGRATION: Migration = db::migration!("0010_webhooks");

/// What the noun keeps in memory.
pub(crate) struct Webhooks {
    /// Opens secrets and headers.
    seal: Seal,
}

impl Webhooks {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self { seal: keys.seal("activity: webhooks") }
    }
}

/// Removes a batch of what belongs to a workspace that is being forgotten; deliveries first.
pub(crate) async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    match deliveries::store::forget(tx, scope, most).await? {
        0 => store::forget(tx, scope, most).await,
        removed => Ok(removed),
    }
}

pub(crate) const CREATED: &str = "webhook.created";
pub(crate) const UPDATED: &str = "webhook.updated";
pub(crate) const DELETED: &str = "webhook.deleted";
pub(crate) const SECRET_ROTATED: &str = "webhook.secret_rotated";
pub(crate) const SWITCHED_OFF: &str = "webhook.switched_off";
pub(crate) const REPLAYED: &str = "webhook.replayed";

const fn event(kind: &'static str, meaning: &'static str) -> EventType {
    EventType { kind, noun: "webhook", read: Some(READ), meaning }
}

pub(crate) const EVENTS: &[EventType] = &[
    event(CREATED, "A webhook was made."),
    event(UPDATED, "A webhook was changed, disabled or enabled."),
    event(DELETED, "A webhook was taken away."),
    event(SECRET_ROTATED, "A webhook got a new secret."),
    event(SWITCHED_OFF, "A webhook was switched off, because it failed for days or wants no more."),
    event(REPLAYED, "A delivery was asked for once more."),
];
