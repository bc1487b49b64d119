//! All SQL about people and what they may do to the installation.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Rights, Time};

use super::model::{Email, PersonRow, Status};

const COLUMNS: &str = "id, email, name, status, created_at, updated_at, version, leaves_at, proof";

fn person(row: &mut Row) -> Result<PersonRow> {
    Ok(PersonRow {
        id: row.take("id")?,
        email: row.take("email")?,
        name: row.take("name")?,
        status: Status::read(&row.take::<String>("status")?),
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
        version: row.take("version")?,
        leaves_at: row.take("leaves_at")?,
        proof: row.take("proof")?,
    })
}

pub(crate) async fn get(rx: &mut Read, _: &Installation, id: PersonId) -> Result<Option<PersonRow>> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE id = $1");
    rx.row(&sql, params![id]).await?.as_mut().map(person).transpose()
}

pub(crate) async fn by_email(rx: &mut Read, _: &Installation, email_key: &str) -> Result<Option<PersonRow>> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE email_key = $1");
    rx.row(&sql, params![email_key]).await?.as_mut().map(person).transpose()
}

/// The person with this address, and their hash if they have a password.
pub(crate) async fn credentials(
    rx: &mut Read,
    _: &Installation,
    email_key: &str,
) -> Result<Option<(PersonRow, Option<String>)>> {
    let sql = format!("SELECT {COLUMNS}, password_hash FROM people WHERE email_key = $1");
    let Some(mut row) = rx.row(&sql, params![email_key]).await? else { return Ok(None) };
    let hash = row.take("password_hash")?;
    Ok(Some((person(&mut row)?, hash)))
}

/// The hash of somebody's password, if they have one.
pub(crate) async fn password(rx: &mut Read, _: &Installation, id: PersonId) -> Result<Option<String>> {
    let row = rx.row("SELECT password_hash FROM people WHERE id = $1", params![id]).await?;
    row.map_or(Ok(None), |mut row| Ok(row.take("password_hash")?))
}

/// The hash of somebody's password; `None` when they have none.
pub(crate) async fn password_hash(rx: &mut Read, _: &Installation, id: PersonId) -> Result<Option<String>> {
    let sql = "SELECT password_hash FROM people WHERE id = $1";
    rx.row(sql, params![id]).await?.map_or(Ok(None), |mut row| Ok(row.take("password_hash")?))
}

/// A person who is about to be written.
pub(crate) struct NewPerson<'a> {
    pub(crate) id: PersonId,
    pub(crate) email: &'a Email,
    pub(crate) name: &'a str,
    pub(crate) password_hash: Option<&'a str>,
    pub(crate) now: Time,
}

/// `false` when the address is taken.
pub(crate) async fn insert(tx: &mut Tx, _: &Installation, new: NewPerson<'_>) -> Result<bool> {
    let sql = "INSERT INTO people (id, email, email_key, name, password_hash, status, created_at, updated_at, version) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1) ON CONFLICT (email_key) DO NOTHING";
    let NewPerson { id, email, name, password_hash, now } = new;
    let values = params![id, &email.typed, &email.key, name, password_hash, Status::Active.as_str(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// `false` when there is no such person.
pub(crate) async fn rename(
    tx: &mut Tx,
    _: &Installation,
    id: PersonId,
    name: &str,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE people SET name = $2, updated_at = $3, version = version + 1 WHERE id = $1";
    Ok(tx.execute(sql, params![id, name, now]).await? == 1)
}

/// `false` when there is no such person.
pub(crate) async fn set_status(
    tx: &mut Tx,
    _: &Installation,
    id: PersonId,
    status: Status,
    leaves_at: Option<Time>,
    now: Time,
) -> Result<bool> {
    let sql =
        "UPDATE people SET status = $2, leaves_at = $3, updated_at = $4, version = version + 1 WHERE id = $1";
    Ok(tx.execute(sql, params![id, status.as_str(), leaves_at, now]).await? == 1)
}

/// Another password: what was proven by the one before is proven no more.
pub(crate) async fn set_password(
    tx: &mut Tx,
    _: &Installation,
    id: PersonId,
    hash: &str,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE people SET password_hash = $2, proof = proof + 1, updated_at = $3, version = version + 1 \
               WHERE id = $1";
    Ok(tx.execute(sql, params![id, hash, now]).await? == 1)
}

/// The same password under a dearer hash; `false` when it was changed meanwhile.
pub(crate) async fn renew_hash(
    tx: &mut Tx,
    _: &Installation,
    id: PersonId,
    before: &str,
    hash: &str,
) -> Result<bool> {
    let sql = "UPDATE people SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    Ok(tx.execute(sql, params![id, before, hash]).await? == 1)
}

/// Another address; `false` when somebody has it.
pub(crate) async fn set_email(
    tx: &mut Tx,
    _: &Installation,
    id: PersonId,
    email: &Email,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE people SET email = $2, email_key = $3, proof = proof + 1, updated_at = $4, \
               version = version + 1 WHERE id = $1 \
               AND NOT EXISTS (SELECT 1 FROM people o WHERE o.email_key = $3 AND o.id <> $1)";
    Ok(tx.execute(sql, params![id, &email.typed, &email.key, now]).await? == 1)
}

/// What narrows the list of people; each that is there has to be equal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrow {
    pub(crate) status: Option<Status>,
    pub(crate) email_key: Option<String>,
}

pub(crate) async fn page(
    rx: &mut Read,
    inst: &Installation,
    narrow: &Narrow,
    list: &List,
) -> Result<Page<PersonRow>> {
    let select = Select::installation(inst, "people", COLUMNS)
        .only("status", narrow.status.map(Status::as_str))
        .only("email_key", narrow.email_key.as_deref());
    query::page(rx, select, list, person).await
}

/// The newest of them.
pub(crate) async fn newest(
    rx: &mut Read,
    _: &Installation,
    narrow: &Narrow,
    most: u32,
) -> Result<Vec<PersonRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people WHERE status = $1 OR $1 = '' ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    let status = narrow.status.map_or("", Status::as_str);
    rx.rows(&sql, params![status, most]).await?.iter_mut().map(person).collect()
}

/// Whose time is over, some of them.
pub(crate) async fn due(rx: &mut Read, _: &Installation, now: Time) -> Result<Vec<PersonId>> {
    let sql = "SELECT id FROM people WHERE leaves_at <= $1 ORDER BY leaves_at, id LIMIT 100";
    rx.rows(sql, params![now]).await?.into_iter().map(|mut row| Ok(row.take("id")?)).collect()
}

/// Takes out who it was. The id stays, for what it stands in; it also stands where the address was, which no address can.
pub(crate) async fn erase(tx: &mut Tx, _: &Installation, id: PersonId, now: Time) -> Result<()> {
    let sql = "UPDATE people SET email = '', email_key = $2, name = '', password_hash = NULL, status = 'deleted', \
               leaves_at = NULL, proof = proof + 1, updated_at = $3, version = version + 1 WHERE id = $1";
    tx.execute(sql, params![id, id.to_string(), now]).await?;
    tx.execute("DELETE FROM installation_rights WHERE person_id = $1", params![id]).await?;
    Ok(())
}

/// What somebody may do to the installation.
pub(crate) async fn rights(rx: &mut Read, _: &Installation, id: PersonId) -> Result<Rights> {
    let rows =
        rx.rows("SELECT permission FROM installation_rights WHERE person_id = $1", params![id]).await?;
    let names = rows.into_iter().map(|mut row| Ok(row.take::<String>("permission")?));
    Ok(Rights::of(names.collect::<Result<Vec<_>>>()?))
}

pub(crate) async fn grant(
    tx: &mut Tx,
    _: &Installation,
    id: PersonId,
    permission: &str,
    now: Time,
) -> Result<()> {
    let sql = "INSERT INTO installation_rights (person_id, permission, granted_at) VALUES ($1, $2, $3) \
               ON CONFLICT (person_id, permission) DO NOTHING";
    tx.execute(sql, params![id, permission, now]).await?;
    Ok(())
}

/// Whether somebody else who may sign in can do everything to this installation.
pub(crate) async fn others_administer(
    rx: &mut Read,
    _: &Installation,
    id: PersonId,
    all_rights: &str,
) -> Result<bool> {
    let sql = "SELECT 1 FROM installation_rights r JOIN people p ON p.id = r.person_id \
               WHERE r.permission = $2 AND p.status = 'active' AND p.id <> $1 LIMIT 1";
    Ok(rx.row(sql, params![id, all_rights]).await?.is_some())
}

/// Whether anybody may administer this installation: then it is set up.
pub(crate) async fn anybody_administers(rx: &mut Read, _: &Installation) -> Result<bool> {
    Ok(rx.row("SELECT person_id FROM installation_rights LIMIT 1", params![]).await?.is_some())
}
