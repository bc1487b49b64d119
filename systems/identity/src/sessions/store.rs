//! All SQL about sessions.

use std::time::Duration;

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Time};

use super::kind::SessionKind;
use super::model::{Origin, SessionId, SessionRow, SessionState};

/// A session that is about to be written.
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) person: PersonId,
    pub(crate) origin: &'a Origin,
    pub(crate) salt: &'a [u8],
    pub(crate) refresh_hash: &'a [u8],
    pub(crate) now: Time,
    pub(crate) expires_at: Time,
    /// How the person proved who they are, in words with blanks between.
    pub(crate) methods: &'a str,
    /// When they showed a second factor.
    pub(crate) second_factor_at: Option<Time>,
    pub(crate) kind: SessionKind,
}

pub(crate) async fn insert(tx: &mut Tx, _: &Installation, new: NewSession<'_>) -> Result<()> {
    let sql = "INSERT INTO sessions (id, person_id, device, user_agent, ip, created_at, last_used_at, expires_at, \
               generation, salt, refresh_hash, methods, proven_at, second_factor_at, kind) \
               VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 1, $8, $9, $10, $6, $11, $12)";
    let NewSession {
        id,
        person,
        origin,
        salt,
        refresh_hash,
        now,
        expires_at,
        methods,
        second_factor_at,
        kind,
    } = new;
    let values = params![
        id,
        person,
        origin.device(),
        &origin.user_agent,
        &origin.ip,
        now,
        expires_at,
        salt,
        refresh_hash,
        methods,
        second_factor_at,
        kind.as_str()
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

pub(crate) async fn state(rx: &mut Read, _: &Installation, id: SessionId) -> Result<Option<SessionState>> {
    let sql = "SELECT id, person_id, generation, refresh_hash, previous_hash, rotated_at, last_used_at, expires_at, \
               revoked_at, salt, kind FROM sessions WHERE id = $1";
    let Some(mut row) = rx.row(sql, params![id]).await? else { return Ok(None) };
    Ok(Some(SessionState {
        id: row.take("id")?,
        person: row.take("person_id")?,
        generation: row.take("generation")?,
        refresh_hash: row.take("refresh_hash")?,
        previous_hash: row.take("previous_hash")?,
        rotated_at: row.take("rotated_at")?,
        last_used_at: row.take("last_used_at")?,
        expires_at: row.take("expires_at")?,
        revoked_at: row.take("revoked_at")?,
        salt: row.take("salt")?,
        kind: SessionKind::read(&row.take::<String>("kind")?),
    }))
}

/// The one statement of rotation: it happens only while the presented hash is still the current one. `false` when
/// another request was first.
pub(crate) async fn rotate(
    tx: &mut Tx,
    _: &Installation,
    id: SessionId,
    presented: &[u8],
    next: &[u8],
    origin: &Origin,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE sessions SET generation = generation + 1, previous_hash = refresh_hash, refresh_hash = $3, \
               rotated_at = $4, last_used_at = $4, user_agent = $5, ip = $6 \
               WHERE id = $1 AND refresh_hash = $2 AND revoked_at IS NULL AND expires_at > $4";
    let values = params![id, presented, next, now, &origin.user_agent, &origin.ip];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The person of a session proved themselves again; with a second factor or without.
pub(crate) async fn proven(
    tx: &mut Tx,
    _: &Installation,
    id: SessionId,
    methods: &str,
    second_factor: bool,
    now: Time,
) -> Result<()> {
    let sql = "UPDATE sessions SET methods = $2, proven_at = $4, \
               second_factor_at = CASE WHEN $3 = 1 THEN $4 ELSE second_factor_at END \
               WHERE id = $1 AND revoked_at IS NULL";
    tx.execute(sql, params![id, methods, second_factor, now]).await?;
    Ok(())
}

/// A second factor was shown in a session; what its person proved before still counts.
pub(crate) async fn second_factor_shown(
    tx: &mut Tx,
    _: &Installation,
    id: SessionId,
    method: &str,
    now: Time,
) -> Result<()> {
    let sql = "UPDATE sessions SET second_factor_at = $3, \
               methods = CASE WHEN second_factor_at IS NULL THEN methods || ' ' || $2 ELSE methods END \
               WHERE id = $1 AND revoked_at IS NULL";
    tx.execute(sql, params![id, method, now]).await?;
    Ok(())
}

/// Somebody has no second factor any more, so none of their sessions counts as one in which it was shown.
pub(crate) async fn forget_second_factor(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<()> {
    let sql = "UPDATE sessions SET second_factor_at = NULL WHERE person_id = $1 AND revoked_at IS NULL";
    tx.execute(sql, params![person]).await?;
    Ok(())
}

/// Gives a session another cookie, while the presented one is still its own. `false` when it is over.
pub(crate) async fn replace_cookie(
    tx: &mut Tx,
    _: &Installation,
    id: SessionId,
    presented: &[u8],
    next: &[u8],
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE sessions SET generation = generation + 1, refresh_hash = $3, last_used_at = $4 \
               WHERE id = $1 AND refresh_hash = $2 AND kind = 'cookie' AND revoked_at IS NULL AND expires_at > $4";
    Ok(tx.execute(sql, params![id, presented, next, now]).await? == 1)
}

/// Notes that a cookie was used, at most once in `every` however many nodes see it.
pub(crate) async fn touch(
    tx: &mut Tx,
    _: &Installation,
    id: SessionId,
    ip: &str,
    every: Duration,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE sessions SET last_used_at = $2, ip = $3 \
               WHERE id = $1 AND revoked_at IS NULL AND last_used_at <= $4";
    Ok(tx.execute(sql, params![id, now, ip, now.minus(every)]).await? == 1)
}

/// What the person calls the device. `false` when it is not theirs.
pub(crate) async fn rename(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    id: SessionId,
    device: &str,
) -> Result<bool> {
    let sql = "UPDATE sessions SET device = $3, version = version + 1 WHERE id = $1 AND person_id = $2";
    Ok(tx.execute(sql, params![id, person, device]).await? == 1)
}

/// `false` when it was over already, or never was.
pub(crate) async fn revoke(tx: &mut Tx, _: &Installation, id: SessionId, now: Time) -> Result<bool> {
    let sql = "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![id, now]).await? == 1)
}

/// Ends every session of somebody but `keep`; tells which.
pub(crate) async fn revoke_all(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    keep: Option<SessionId>,
    now: Time,
) -> Result<Vec<SessionId>> {
    let live = "SELECT id FROM sessions WHERE person_id = $1 AND revoked_at IS NULL AND expires_at > $2";
    let mut ended = Vec::new();
    for mut row in tx.rows(live, params![person, now]).await? {
        let id: SessionId = row.take("id")?;
        if Some(id) != keep {
            ended.push(id);
        }
    }
    let sql = "UPDATE sessions SET revoked_at = $2 WHERE person_id = $1 AND revoked_at IS NULL AND expires_at > $2 \
               AND id <> $3";
    // No session has an id of zeros, so that nothing is kept when nothing shall be.
    let keep = keep.unwrap_or(SessionId::from_bytes([0; 16]));
    tx.execute(sql, params![person, now, keep]).await?;
    Ok(ended)
}

/// The session, if it is this person's.
pub(crate) async fn of_person(
    rx: &mut Read,
    _: &Installation,
    person: PersonId,
    id: SessionId,
) -> Result<Option<SessionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE id = $1 AND person_id = $2");
    rx.row(&sql, params![id, person]).await?.as_mut().map(session).transpose()
}

const COLUMNS: &str = "id, device, user_agent, ip, created_at, last_used_at, expires_at, revoked_at, kind, version, \
                       methods, proven_at, second_factor_at";

fn session(row: &mut Row) -> Result<SessionRow> {
    Ok(SessionRow {
        id: row.take("id")?,
        device: row.take("device")?,
        user_agent: row.take("user_agent")?,
        ip: row.take("ip")?,
        created_at: row.take("created_at")?,
        last_used_at: row.take("last_used_at")?,
        expires_at: row.take("expires_at")?,
        revoked_at: row.take("revoked_at")?,
        methods: row.take("methods")?,
        proven_at: row.take("proven_at")?,
        second_factor_at: row.take("second_factor_at")?,
        kind: SessionKind::read(&row.take::<String>("kind")?),
        version: row.take("version")?,
    })
}

/// The sessions of somebody, ended ones too.
pub(crate) async fn page(
    rx: &mut Read,
    inst: &Installation,
    person: PersonId,
    list: &List,
) -> Result<Page<SessionRow>> {
    let select = Select::installation(inst, "sessions", COLUMNS).and("person_id = $1", [person.into()]);
    query::page(rx, select, list, session).await
}

/// All of them, for who takes them along.
pub(crate) async fn all(rx: &mut Read, _: &Installation, person: PersonId) -> Result<Vec<SessionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE person_id = $1 ORDER BY created_at, id");
    rx.rows(&sql, params![person]).await?.iter_mut().map(session).collect()
}

/// The most that [`prune`] removes in one go.
pub(crate) const PRUNED_AT_ONCE: u64 = 1000;

/// Removes some of what ended longer ago than `keep`; tells how many.
pub(crate) async fn prune(tx: &mut Tx, _: &Installation, keep: Duration, now: Time) -> Result<u64> {
    let sql = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
               WHERE expires_at < $1 OR revoked_at < $1 LIMIT 1000)";
    Ok(tx.execute(sql, params![now.minus(keep)]).await?)
}

/// Every session of somebody, and where it came from.
pub(crate) async fn forget_person(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<()> {
    tx.execute("DELETE FROM sessions WHERE person_id = $1", params![person]).await?;
    Ok(())
}
