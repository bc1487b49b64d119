//! What identity writes into the journal: the names, who may read them, and the two ways in.
//!
//! Payloads hold ids and no addresses, secrets or parts of secrets.

use db::Tx;
use journal::NewEvent;
use serde_json::Value;
use types::{Installation, Result, Scope};

pub const PERSON_CREATED: &str = "person.created";
pub const PERSON_UPDATED: &str = "person.updated";
pub const PERSON_STATUS_CHANGED: &str = "person.status_changed";
pub const WORKSPACE_CREATED: &str = "workspace.created";
pub const WORKSPACE_UPDATED: &str = "workspace.updated";
pub const MEMBER_ADDED: &str = "member.added";
pub const MEMBER_REMOVED: &str = "member.removed";
pub const SESSION_CREATED: &str = "session.created";
pub const SESSION_REVOKED: &str = "session.revoked";
pub const REUSE_DETECTED: &str = "session.reuse_detected";
pub const API_KEY_CREATED: &str = "api_key.created";
pub const API_KEY_REVOKED: &str = "api_key.revoked";

pub async fn in_workspace(
    tx: &mut Tx,
    scope: &Scope,
    kind: &'static str,
    subject: String,
    payload: Value,
) -> Result<()> {
    journal::append(tx, scope, NewEvent::new(kind, subject).with(payload)).await?;
    Ok(())
}

pub async fn in_installation(
    tx: &mut Tx,
    inst: &Installation,
    kind: &'static str,
    subject: String,
    payload: Value,
) -> Result<()> {
    journal::append_installation(tx, inst, NewEvent::new(kind, subject).with(payload)).await?;
    Ok(())
}
