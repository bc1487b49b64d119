//! All SQL about mailed links.

use std::time::Duration;

use db::{Read, Row, Tx, params};
use types::{Installation, PersonId, Result, Time};

use super::model::{LinkRow, NewLink, Purpose};
use crate::people::Email;

/// How far clocks may differ: a link from further ahead is none, so that a clock that was set back makes no old link young.
const SKEW: Duration = Duration::from_mins(5);

/// Whether a link could be used: `$3` is now, `$4` a little later.
const GOOD: &str = "hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 AND created_at <= $4";

pub(crate) async fn insert(tx: &mut Tx, _: &Installation, link: &NewLink, now: Time) -> Result<()> {
    let sql = "INSERT INTO mailed_links (hash, purpose, person_id, email, email_key, proof, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let NewLink { hash, purpose, person, email, life } = link;
    let (person, proof) = (person.map(|(person, _)| person), person.map_or(0, |(_, proof)| proof));
    let expires_at = now.plus(*life);
    let values =
        params![&hash[..], purpose.as_str(), person, &email.typed, &email.key, proof, now, expires_at];
    tx.execute(sql, values).await?;
    Ok(())
}

fn link(mut row: Row) -> Result<LinkRow> {
    let email = Email { typed: row.take("email")?, key: row.take("email_key")? };
    Ok(LinkRow { person: row.take("person_id")?, email, proof: row.take("proof")? })
}

/// The link, if it could be used now.
pub(crate) async fn good(
    rx: &mut Read,
    _: &Installation,
    hash: &[u8],
    purpose: Purpose,
    now: Time,
) -> Result<Option<LinkRow>> {
    let sql = format!("SELECT person_id, email, email_key, proof FROM mailed_links WHERE {GOOD}");
    rx.row(&sql, params![hash, purpose.as_str(), now, now.plus(SKEW)]).await?.map(link).transpose()
}

/// Uses the link up, by one statement; `false` when it does not work, or somebody was first.
pub(crate) async fn take(
    tx: &mut Tx,
    _: &Installation,
    hash: &[u8],
    purpose: Purpose,
    now: Time,
) -> Result<bool> {
    let sql = format!("UPDATE mailed_links SET used_at = $3 WHERE {GOOD}");
    Ok(tx.execute(&sql, params![hash, purpose.as_str(), now, now.plus(SKEW)]).await? == 1)
}

/// Ends the links of one purpose to an address.
pub(crate) async fn end_of_address(
    tx: &mut Tx,
    _: &Installation,
    purpose: Purpose,
    email_key: &str,
    now: Time,
) -> Result<()> {
    let sql = "UPDATE mailed_links SET expires_at = $3 WHERE purpose = $1 AND email_key = $2 AND used_at IS NULL \
               AND expires_at > $3";
    tx.execute(sql, params![purpose.as_str(), email_key, now]).await?;
    Ok(())
}

/// Ends the links of one purpose of somebody, used halves of an agreement too.
pub(crate) async fn end_of_person(
    tx: &mut Tx,
    _: &Installation,
    purpose: Purpose,
    person: PersonId,
    now: Time,
) -> Result<()> {
    let sql =
        "UPDATE mailed_links SET expires_at = $3 WHERE purpose = $1 AND person_id = $2 AND expires_at > $3";
    tx.execute(sql, params![purpose.as_str(), person, now]).await?;
    Ok(())
}

/// Whether somebody has opened a link of this purpose to this address that nothing has ended since.
pub(crate) async fn was_used(
    rx: &mut Read,
    _: &Installation,
    purpose: Purpose,
    person: PersonId,
    email_key: &str,
    now: Time,
) -> Result<bool> {
    let sql = "SELECT 1 FROM mailed_links WHERE purpose = $1 AND person_id = $2 AND email_key = $3 \
               AND used_at IS NOT NULL AND expires_at > $4";
    Ok(rx.row(sql, params![purpose.as_str(), person, email_key, now]).await?.is_some())
}

/// How many mails of this purpose an address was sent since then.
pub(crate) async fn mailed(
    rx: &mut Read,
    _: &Installation,
    email_key: &str,
    purpose: Purpose,
    since: Time,
) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS mails FROM mailed_links WHERE email_key = $1 AND created_at > $2 AND purpose = $3";
    let row = rx.row(sql, params![email_key, since, purpose.as_str()]).await?;
    row.map_or(Ok(0), |mut row| Ok(row.take("mails")?))
}

/// Whether somebody asked for an account with this address and has not made it yet.
pub(crate) async fn is_registering(rx: &mut Read, _: &Installation, email_key: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM mailed_links WHERE email_key = $1 AND purpose = 'register' AND used_at IS NULL LIMIT 1";
    Ok(rx.row(sql, params![email_key]).await?.is_some())
}

/// Everything that was mailed to somebody.
pub(crate) async fn forget_person(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<()> {
    tx.execute("DELETE FROM mailed_links WHERE person_id = $1", params![person]).await?;
    Ok(())
}

/// The most that [`prune`] removes in one go.
pub(crate) const PRUNED_AT_ONCE: u64 = 1000;

/// Removes some of what expired before then; tells how many.
pub(crate) async fn prune(tx: &mut Tx, _: &Installation, before: Time) -> Result<u64> {
    let sql = "DELETE FROM mailed_links WHERE hash IN (SELECT hash FROM mailed_links WHERE expires_at < $1 LIMIT 1000)";
    Ok(tx.execute(sql, params![before]).await?)
}
