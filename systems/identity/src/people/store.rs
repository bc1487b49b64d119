//! All SQL about people and what they may do to the installation.

use db::{Read, Row, Tx, params};
use types::{Installation, PersonId, Result, Rights, Time};

use super::model::{Email, PersonRow, Status};

const COLUMNS: &str = "id, email, name, status, created_at, updated_at";

fn person(mut row: Row) -> Result<PersonRow> {
    Ok(PersonRow {
        id: row.take("id")?,
        email: row.take("email")?,
        name: row.take("name")?,
        status: Status::read(&row.take::<String>("status")?),
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
    })
}

pub(crate) async fn get(rx: &mut Read, _: &Installation, id: PersonId) -> Result<Option<PersonRow>> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE id = $1");
    rx.row(&sql, params![id]).await?.map(person).transpose()
}

pub(crate) async fn by_email(rx: &mut Read, _: &Installation, email_key: &str) -> Result<Option<PersonRow>> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE email_key = $1");
    rx.row(&sql, params![email_key]).await?.map(person).transpose()
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
    Ok(Some((person(row)?, hash)))
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
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE people SET status = $2, updated_at = $3, version = version + 1 WHERE id = $1";
    Ok(tx.execute(sql, params![id, status.as_str(), now]).await? == 1)
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

/// Whether anybody may administer this installation: then it is set up.
pub(crate) async fn anybody_administers(rx: &mut Read, _: &Installation) -> Result<bool> {
    Ok(rx.row("SELECT person_id FROM installation_rights LIMIT 1", params![]).await?.is_some())
}
