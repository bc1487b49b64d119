//! All SQL about identities and the tickets that become one.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Time};

use super::model::{IdentityId, IdentityRow, TRIES, Ticket};
use crate::people::{Email, email_key};

const COLUMNS: &str = "id, person_id, provider, issuer, subject, email, created_at, last_used_at";

fn identity(row: &mut Row) -> Result<IdentityRow> {
    Ok(IdentityRow {
        id: row.take("id")?,
        person: row.take("person_id")?,
        provider: row.take("provider")?,
        issuer: row.take("issuer")?,
        subject: row.take("subject")?,
        email: row.take("email")?,
        created_at: row.take("created_at")?,
        last_used_at: row.take("last_used_at")?,
    })
}

/// Whose identity this is. Both are compared to the letter.
pub(crate) async fn by_subject(
    rx: &mut Read,
    _: &Installation,
    issuer: &str,
    subject: &str,
) -> Result<Option<IdentityRow>> {
    let sql = format!("SELECT {COLUMNS} FROM sso_identities WHERE issuer = $1 AND subject = $2");
    rx.row(&sql, params![issuer, subject]).await?.as_mut().map(identity).transpose()
}

/// The identity, if it is this person's.
pub(crate) async fn of_person(
    rx: &mut Read,
    _: &Installation,
    person: PersonId,
    id: IdentityId,
) -> Result<Option<IdentityRow>> {
    let sql = format!("SELECT {COLUMNS} FROM sso_identities WHERE id = $1 AND person_id = $2");
    rx.row(&sql, params![id, person]).await?.as_mut().map(identity).transpose()
}

pub(crate) async fn page(
    rx: &mut Read,
    inst: &Installation,
    person: PersonId,
    list: &List,
) -> Result<Page<IdentityRow>> {
    let select = Select::installation(inst, "sso_identities", COLUMNS).and("person_id = $1", [person.into()]);
    query::page(rx, select, list, identity).await
}

/// The issuers by which somebody could still sign in without the identity `but`.
pub(crate) async fn other_issuers(
    rx: &mut Read,
    _: &Installation,
    person: PersonId,
    but: IdentityId,
) -> Result<Vec<String>> {
    let sql = "SELECT issuer FROM sso_identities WHERE person_id = $1 AND id <> $2";
    let rows = rx.rows(sql, params![person, but]).await?;
    rows.into_iter().map(|mut row| Ok(row.take("issuer")?)).collect()
}

/// Whether somebody is known at this issuer, whoever they are there.
pub(crate) async fn is_linked_at(
    rx: &mut Read,
    _: &Installation,
    person: PersonId,
    issuer: &str,
) -> Result<bool> {
    let sql = "SELECT 1 FROM sso_identities WHERE person_id = $1 AND issuer = $2";
    Ok(rx.row(sql, params![person, issuer]).await?.is_some())
}

/// `false` when it is somebody's already.
pub(crate) async fn insert(tx: &mut Tx, _: &Installation, new: &IdentityRow) -> Result<bool> {
    let sql = "INSERT INTO sso_identities (id, person_id, provider, issuer, subject, email, created_at, last_used_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (issuer, subject) DO NOTHING";
    let IdentityRow { id, person, provider, issuer, subject, email, created_at, .. } = new;
    let values = params![*id, *person, provider, issuer, subject, email.as_deref(), *created_at];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes a sign-in, and what the provider says of the address now.
pub(crate) async fn used(
    tx: &mut Tx,
    _: &Installation,
    id: IdentityId,
    email: Option<&str>,
    now: Time,
) -> Result<()> {
    let sql = "UPDATE sso_identities SET last_used_at = $3, email = COALESCE($2, email) WHERE id = $1";
    tx.execute(sql, params![id, email, now]).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, _: &Installation, id: IdentityId) -> Result<()> {
    tx.execute("DELETE FROM sso_identities WHERE id = $1", params![id]).await?;
    Ok(())
}

/// Takes everything off an account that is about to end.
pub(crate) async fn forget_person(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<()> {
    tx.execute("DELETE FROM sso_link_tickets WHERE person_id = $1", params![person]).await?;
    tx.execute("DELETE FROM sso_identities WHERE person_id = $1", params![person]).await?;
    Ok(())
}

/// Everywhere somebody is known.
pub(crate) async fn all(rx: &mut Read, _: &Installation, person: PersonId) -> Result<Vec<IdentityRow>> {
    let sql = format!("SELECT {COLUMNS} FROM sso_identities WHERE person_id = $1 ORDER BY id");
    rx.rows(&sql, params![person]).await?.iter_mut().map(identity).collect()
}

pub(crate) async fn insert_ticket(
    tx: &mut Tx,
    _: &Installation,
    hash: &[u8],
    ticket: &Ticket,
    now: Time,
    expires_at: Time,
) -> Result<()> {
    let sql = "INSERT INTO sso_link_tickets (hash, person_id, provider, issuer, subject, email, return_to, tries, created_at, \
               expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9)";
    let Ticket { person, provider, issuer, subject, email, return_to } = ticket;
    let values = params![
        hash,
        *person,
        provider,
        issuer,
        subject,
        &email.typed,
        return_to.as_deref(),
        now,
        expires_at
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Counts one try with a ticket, and tells what it stands for; `None` when it is over, or was tried too often.
pub(crate) async fn try_ticket(
    tx: &mut Tx,
    _: &Installation,
    hash: &[u8],
    now: Time,
) -> Result<Option<Ticket>> {
    let count = "UPDATE sso_link_tickets SET tries = tries + 1 WHERE hash = $1 AND tries < $2 AND expires_at > $3 \
                 AND created_at <= $3";
    if tx.execute(count, params![hash, TRIES, now]).await? == 0 {
        return Ok(None);
    }
    let sql =
        "SELECT person_id, provider, issuer, subject, email, return_to FROM sso_link_tickets WHERE hash = $1";
    let Some(mut row) = tx.row(sql, params![hash]).await? else { return Ok(None) };
    let typed: String = row.take("email")?;
    Ok(Some(Ticket {
        person: row.take("person_id")?,
        provider: row.take("provider")?,
        issuer: row.take("issuer")?,
        subject: row.take("subject")?,
        email: Email { key: email_key(&typed), typed },
        return_to: row.take("return_to")?,
    }))
}

/// Uses a ticket up; `false` when somebody was first.
pub(crate) async fn take_ticket(tx: &mut Tx, _: &Installation, hash: &[u8]) -> Result<bool> {
    Ok(tx.execute("DELETE FROM sso_link_tickets WHERE hash = $1", params![hash]).await? == 1)
}

/// Forgets tickets that nobody can use any more.
pub(crate) async fn prune_tickets(tx: &mut Tx, _: &Installation, now: Time) -> Result<u64> {
    let sql = "DELETE FROM sso_link_tickets WHERE hash IN (SELECT hash FROM sso_link_tickets WHERE expires_at < $1 LIMIT 1000)";
    Ok(tx.execute(sql, params![now]).await?)
}
