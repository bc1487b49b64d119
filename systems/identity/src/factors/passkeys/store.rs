//! All SQL about passkeys.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Time};

use super::model::{PasskeyId, PasskeyRow, Signed};

const COLUMNS: &str = "id, person_id, credential_id, public_key, sign_count, may_be_synced, is_synced, transports, name, \
                       created_at, last_used_at, version";

fn passkey(row: &mut Row) -> Result<PasskeyRow> {
    Ok(PasskeyRow {
        id: row.take("id")?,
        person: row.take("person_id")?,
        credential_id: row.take("credential_id")?,
        public_key: row.take("public_key")?,
        sign_count: row.take("sign_count")?,
        may_be_synced: row.take("may_be_synced")?,
        is_synced: row.take("is_synced")?,
        transports: row.take("transports")?,
        name: row.take("name")?,
        created_at: row.take("created_at")?,
        last_used_at: row.take("last_used_at")?,
        version: row.take("version")?,
    })
}

/// `false` when the credential is known, whoever has it.
pub(crate) async fn insert(tx: &mut Tx, _: &Installation, new: &PasskeyRow) -> Result<bool> {
    let sql = "INSERT INTO passkeys (id, person_id, credential_id, public_key, sign_count, may_be_synced, is_synced, \
               transports, name, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT (credential_id) DO NOTHING";
    let values = params![
        new.id,
        new.person,
        new.credential_id.as_slice(),
        new.public_key.as_slice(),
        new.sign_count,
        new.may_be_synced,
        new.is_synced,
        &new.transports,
        &new.name,
        new.created_at,
        new.version
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// By the id that authenticators use.
pub(crate) async fn by_credential(rx: &mut Read, _: &Installation, id: &[u8]) -> Result<Option<PasskeyRow>> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE credential_id = $1");
    rx.row(&sql, params![id]).await?.as_mut().map(passkey).transpose()
}

/// The passkey, if it is this person's.
pub(crate) async fn of_person(
    rx: &mut Read,
    _: &Installation,
    person: PersonId,
    id: PasskeyId,
) -> Result<Option<PasskeyRow>> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE id = $1 AND person_id = $2");
    rx.row(&sql, params![id, person]).await?.as_mut().map(passkey).transpose()
}

/// All that somebody has; there are few.
pub(crate) async fn all(rx: &mut Read, _: &Installation, person: PersonId) -> Result<Vec<PasskeyRow>> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE person_id = $1 ORDER BY id");
    rx.rows(&sql, params![person]).await?.iter_mut().map(passkey).collect()
}

pub(crate) async fn page(
    rx: &mut Read,
    inst: &Installation,
    person: PersonId,
    list: &List,
) -> Result<Page<PasskeyRow>> {
    let select = Select::installation(inst, "passkeys", COLUMNS).and("person_id = $1", [person.into()]);
    query::page(rx, select, list, passkey).await
}

/// Uses a signature up. The counter goes on, or the authenticator has none: `false` otherwise, and when the passkey is gone.
pub(crate) async fn take(tx: &mut Tx, _: &Installation, signed: &Signed, now: Time) -> Result<bool> {
    let sql = "UPDATE passkeys SET sign_count = $3, is_synced = $4, last_used_at = $5 \
               WHERE id = $1 AND person_id = $2 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))";
    let values = params![signed.passkey, signed.person, signed.sign_count, signed.is_synced, now];
    Ok(tx.execute(sql, values).await? == 1)
}

pub(crate) async fn rename(tx: &mut Tx, _: &Installation, id: PasskeyId, name: &str) -> Result<()> {
    let sql = "UPDATE passkeys SET name = $2, version = version + 1 WHERE id = $1";
    tx.execute(sql, params![id, name]).await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx, _: &Installation, id: PasskeyId) -> Result<()> {
    tx.execute("DELETE FROM passkeys WHERE id = $1", params![id]).await?;
    Ok(())
}

pub(crate) async fn remove_all(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<()> {
    tx.execute("DELETE FROM passkeys WHERE person_id = $1", params![person]).await?;
    Ok(())
}
