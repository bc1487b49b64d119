//! What identity writes into the journal: the names, who may read them, and the two ways in.
//!
//! Payloads hold ids and no addresses, secrets or parts of secrets.

use db::Tx;
use journal::{EventType, NewEvent};
use serde_json::Value;
use types::{Installation, Permission, Result, Scope};

use crate::permissions::{API_KEYS_MANAGE, MEMBERS_READ, PEOPLE_READ, WORKSPACE_READ};

pub(crate) const PERSON_CREATED: &str = "person.created";
pub(crate) const PERSON_UPDATED: &str = "person.updated";
pub(crate) const PERSON_STATUS_CHANGED: &str = "person.status_changed";
pub(crate) const WORKSPACE_CREATED: &str = "workspace.created";
pub(crate) const WORKSPACE_UPDATED: &str = "workspace.updated";
pub(crate) const MEMBER_ADDED: &str = "member.added";
pub(crate) const MEMBER_REMOVED: &str = "member.removed";
pub(crate) const SESSION_CREATED: &str = "session.created";
pub(crate) const SESSION_UPDATED: &str = "session.updated";
pub(crate) const SESSION_REVOKED: &str = "session.revoked";
pub(crate) const REUSE_DETECTED: &str = "session.reuse_detected";
pub(crate) const SIGNING_KEY_CREATED: &str = "signing_key.created";
pub(crate) const SERVICE_ACCOUNT_CREATED: &str = "service_account.created";
pub(crate) const SERVICE_ACCOUNT_UPDATED: &str = "service_account.updated";
pub(crate) const SERVICE_ACCOUNT_DELETED: &str = "service_account.deleted";
pub(crate) const API_KEY_CREATED: &str = "api_key.created";
pub(crate) const API_KEY_REVOKED: &str = "api_key.revoked";

pub(crate) async fn in_workspace(
    tx: &mut Tx,
    scope: &Scope,
    kind: &'static str,
    subject: String,
    payload: Value,
) -> Result<()> {
    journal::append(tx, scope, NewEvent::new(kind, subject).with(payload)).await?;
    Ok(())
}

pub(crate) async fn in_installation(
    tx: &mut Tx,
    inst: &Installation,
    kind: &'static str,
    subject: String,
    payload: Value,
) -> Result<()> {
    journal::append_installation(tx, inst, NewEvent::new(kind, subject).with(payload)).await?;
    Ok(())
}

const fn event(kind: &'static str, noun: &'static str, read: Permission, meaning: &'static str) -> EventType {
    EventType { kind, noun, read: Some(read), meaning }
}

/// Everything that identity tells.
pub(crate) const TYPES: &[EventType] = &[
    event(PERSON_CREATED, "person", PEOPLE_READ, "Somebody has an account."),
    event(PERSON_UPDATED, "person", PEOPLE_READ, "Somebody changed their name."),
    event(PERSON_STATUS_CHANGED, "person", PEOPLE_READ, "Somebody may sign in no more, or again."),
    event(SESSION_CREATED, "session", PEOPLE_READ, "Somebody signed in."),
    event(SESSION_UPDATED, "session", PEOPLE_READ, "Somebody gave a device another name."),
    event(SESSION_REVOKED, "session", PEOPLE_READ, "A session was ended."),
    event(
        REUSE_DETECTED,
        "session",
        PEOPLE_READ,
        "An old refresh token came back, and the sessions it could have opened were ended.",
    ),
    event(SIGNING_KEY_CREATED, "signing_key", PEOPLE_READ, "There is a new key that signs access tokens."),
    event(WORKSPACE_CREATED, "workspace", WORKSPACE_READ, "A workspace was made."),
    event(WORKSPACE_UPDATED, "workspace", WORKSPACE_READ, "A workspace got another name."),
    event(MEMBER_ADDED, "member", MEMBERS_READ, "Somebody was taken into a workspace."),
    event(MEMBER_REMOVED, "member", MEMBERS_READ, "Somebody was taken out of a workspace."),
    event(API_KEY_CREATED, "api_key", API_KEYS_MANAGE, "An API key was made."),
    event(API_KEY_REVOKED, "api_key", API_KEYS_MANAGE, "An API key was revoked."),
    event(SERVICE_ACCOUNT_CREATED, "service_account", API_KEYS_MANAGE, "A program was let in."),
    event(
        SERVICE_ACCOUNT_UPDATED,
        "service_account",
        API_KEYS_MANAGE,
        "A program may do something else now.",
    ),
    event(SERVICE_ACCOUNT_DELETED, "service_account", API_KEYS_MANAGE, "A program is let in no more."),
];
