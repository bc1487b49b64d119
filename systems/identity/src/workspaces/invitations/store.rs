//! All SQL about invitations.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Scope, Time};

use super::model::{InvitationId, InvitationRow, State};
use crate::workspaces::Role;
use crate::workspaces::roles::store::{columns, joined, post};

const COLUMNS: &str = concat!(
    "m.id, m.workspace_id, m.email, m.email_key, m.state, m.invited_by, m.created_at, m.sent_at, m.expires_at, \
     m.ended_at, m.version, ",
    columns!()
);
const FROM: &str = concat!("invitations m ", joined!());

fn invitation(row: &mut Row) -> Result<InvitationRow> {
    Ok(InvitationRow {
        id: row.take("id")?,
        workspace: row.take("workspace_id")?,
        email: row.take("email")?,
        email_key: row.take("email_key")?,
        post: post(row)?,
        state: State::read(&row.take::<String>("state")?),
        invited_by: row.take("invited_by")?,
        created_at: row.take("created_at")?,
        sent_at: row.take("sent_at")?,
        expires_at: row.take("expires_at")?,
        ended_at: row.take("ended_at")?,
        version: row.take("version")?,
    })
}

pub(crate) async fn get(rx: &mut Read, scope: &Scope, id: InvitationId) -> Result<Option<InvitationRow>> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE m.workspace_id = $1 AND m.id = $2");
    rx.row(&sql, params![scope.workspace(), id]).await?.as_mut().map(invitation).transpose()
}

/// Narrowed to a state by its word, if there is one.
pub(crate) async fn page(
    rx: &mut Read,
    scope: &Scope,
    state: Option<&str>,
    list: &List,
) -> Result<Page<InvitationRow>> {
    let now = rx.now();
    let select = Select::scoped_by(scope, "m.workspace_id", FROM, COLUMNS);
    let select = match state {
        Some("pending") => select.and("m.state = 'pending' AND m.expires_at > $1", [now.into()]),
        Some("expired") => select.and("m.state = 'pending' AND m.expires_at <= $1", [now.into()]),
        Some(other) => select.and("m.state = $1", [other.into()]),
        None => select,
    };
    query::page(rx, select, list, invitation).await
}

/// The invitation that this token belongs to, wherever it leads: whoever brings it has no workspace yet.
pub(crate) async fn by_token(rx: &mut Read, _: &Installation, hash: &[u8]) -> Result<Option<InvitationRow>> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE m.token_hash = $1");
    rx.row(&sql, params![hash]).await?.as_mut().map(invitation).transpose()
}

/// An invitation about to be written.
pub(crate) struct NewInvitation<'a> {
    pub(crate) id: InvitationId,
    pub(crate) email: &'a str,
    pub(crate) email_key: &'a str,
    pub(crate) role: Role,
    pub(crate) token_hash: &'a [u8],
    pub(crate) invited_by: PersonId,
    pub(crate) now: Time,
    pub(crate) expires_at: Time,
}

/// `false` when one to this address is pending.
pub(crate) async fn insert(tx: &mut Tx, scope: &Scope, new: &NewInvitation<'_>) -> Result<bool> {
    // One that is past its time makes way.
    let sql = "UPDATE invitations SET state = 'cancelled', ended_at = expires_at, version = version + 1 \
               WHERE workspace_id = $1 AND email_key = $2 AND state = 'pending' AND expires_at <= $3";
    tx.execute(sql, params![scope.workspace(), new.email_key, new.now]).await?;
    let sql = "INSERT INTO invitations (id, workspace_id, email, email_key, role, role_id, token_hash, invited_by, state, \
               created_at, sent_at, expires_at, version) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $9, $10, 1) ON CONFLICT DO NOTHING";
    let NewInvitation { id, email, email_key, role, token_hash, invited_by, now, expires_at } = *new;
    let values = params![
        id,
        scope.workspace(),
        email,
        email_key,
        role.kept(),
        role.id(),
        token_hash,
        invited_by,
        now,
        expires_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// What an invitation is opened by, and until when.
pub(crate) struct Link<'a> {
    pub(crate) token_hash: &'a [u8],
    pub(crate) sent_at: Time,
    pub(crate) expires_at: Time,
}

/// Another link, by whoever sends it; the one before it works no more.
pub(crate) async fn renew(
    tx: &mut Tx,
    scope: &Scope,
    id: InvitationId,
    by: PersonId,
    link: &Link<'_>,
) -> Result<()> {
    let sql = "UPDATE invitations SET token_hash = $3, sent_at = $4, expires_at = $5, invited_by = $6, \
               version = version + 1 WHERE workspace_id = $1 AND id = $2 AND state = 'pending'";
    let Link { token_hash, sent_at, expires_at } = *link;
    tx.execute(sql, params![scope.workspace(), id, token_hash, sent_at, expires_at, by]).await?;
    Ok(())
}

/// Ends a pending one; `false` when somebody was first. The one statement that decides who accepts.
pub(crate) async fn end(
    tx: &mut Tx,
    scope: &Scope,
    id: InvitationId,
    state: State,
    by: Option<PersonId>,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE invitations SET state = $3, ended_at = $4, accepted_by = $5, version = version + 1 \
               WHERE workspace_id = $1 AND id = $2 AND state = 'pending'";
    Ok(tx.execute(sql, params![scope.workspace(), id, state.as_str(), now, by]).await? == 1)
}

/// Takes an address out of everything that was ever sent to it: its person is gone.
pub(crate) async fn forget_address(tx: &mut Tx, _: &Installation, email_key: &str) -> Result<()> {
    let now = tx.now();
    let sql = "UPDATE invitations SET email = '', email_key = '', ended_at = COALESCE(ended_at, $2), \
               state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END, version = version + 1 WHERE email_key = $1";
    tx.execute(sql, params![email_key, now]).await?;
    Ok(())
}
