//! All SQL about API keys. A key belongs to a workspace, or to the operator when its workspace is NULL.

use std::time::Duration;

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Error, Installation, PersonId, Result, Scope, Time, WorkspaceId};

use super::model::{ApiKeyId, ApiKeyRow};
use crate::service_accounts::ServiceAccountId;

const COLUMNS: &str = "k.id, k.workspace_id, k.person_id, k.name, k.prefix, k.permissions, k.created_at, \
                           k.expires_at, k.last_used_at, k.revoked_at, k.last_used_ip, k.service_account_id, k.origins";

fn api_key(row: &mut Row) -> Result<ApiKeyRow> {
    let permissions: String = row.take("permissions")?;
    let origins: Option<String> = row.take("origins")?;
    Ok(ApiKeyRow {
        origins: origins.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)?,
        account: row.take("service_account_id")?,
        last_used_ip: row.take("last_used_ip")?,
        id: row.take("id")?,
        workspace: row.take("workspace_id")?,
        person: row.take("person_id")?,
        name: row.take("name")?,
        prefix: row.take("prefix")?,
        permissions: serde_json::from_str(&permissions).map_err(Error::internal)?,
        created_at: row.take("created_at")?,
        expires_at: row.take("expires_at")?,
        last_used_at: row.take("last_used_at")?,
        revoked_at: row.take("revoked_at")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, _: &Installation, key: &ApiKeyRow, hash: &[u8]) -> Result<()> {
    let sql = "INSERT INTO api_keys (id, workspace_id, person_id, name, prefix, hash, permissions, created_at, \
               expires_at, service_account_id, origins) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let origins = key.origins.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let permissions = serde_json::to_string(&key.permissions).map_err(Error::internal)?;
    let values = params![
        key.id,
        key.workspace,
        key.person,
        &key.name,
        &key.prefix,
        hash,
        permissions,
        key.created_at,
        key.expires_at,
        key.account,
        origins
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The key with this prefix and the hash of its text, whatever became of it.
pub(crate) async fn by_prefix(
    rx: &mut Read,
    _: &Installation,
    prefix: &str,
) -> Result<Option<(ApiKeyRow, Vec<u8>)>> {
    let sql = format!("SELECT {COLUMNS}, k.hash FROM api_keys k WHERE k.prefix = $1");
    let Some(mut row) = rx.row(&sql, params![prefix]).await? else { return Ok(None) };
    Ok(Some((api_key(&mut row)?, row.take("hash")?)))
}

pub(crate) async fn get(rx: &mut Read, _: &Installation, id: ApiKeyId) -> Result<Option<ApiKeyRow>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys k WHERE k.id = $1");
    rx.row(&sql, params![id]).await?.as_mut().map(api_key).transpose()
}

/// Which keys somebody may see: their own in a workspace, everybody's there, the operator's.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) workspace: Option<WorkspaceId>,
    pub(crate) person: Option<PersonId>,
    pub(crate) operator: bool,
}

pub(crate) async fn page(
    rx: &mut Read,
    inst: &Installation,
    seen: Seen,
    list: &List,
) -> Result<Page<ApiKeyRow>> {
    // No workspace and no person has an id of zeros: what is not wanted matches nothing.
    let none = WorkspaceId::from_bytes([0; 16]);
    let select = Select::installation(inst, "api_keys k", COLUMNS);
    let operator = i64::from(seen.operator);
    let workspace = seen.workspace.unwrap_or(none);
    let select = match seen.person {
        Some(person) => select.and(
            "(k.workspace_id = $1 AND k.person_id = $2) OR ($3 = 1 AND k.workspace_id IS NULL)",
            [workspace.into(), person.into(), operator.into()],
        ),
        None => select.and(
            "k.workspace_id = $1 OR ($2 = 1 AND k.workspace_id IS NULL)",
            [workspace.into(), operator.into()],
        ),
    };
    query::page(rx, select, list, api_key).await
}

/// Everybody's keys, of one workspace or of all.
pub(crate) async fn all(
    rx: &mut Read,
    inst: &Installation,
    workspace: Option<WorkspaceId>,
    list: &List,
) -> Result<Page<ApiKeyRow>> {
    let select = Select::installation(inst, "api_keys k", COLUMNS).only("k.workspace_id", workspace);
    query::page(rx, select, list, api_key).await
}

/// `false` when it was revoked before. The row is kept.
pub(crate) async fn revoke(tx: &mut Tx, _: &Installation, id: ApiKeyId, now: Time) -> Result<bool> {
    let sql = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![id, now]).await? == 1)
}

/// Notes that a key was used, at most once in `every` however many nodes see it.
pub(crate) async fn touch(
    tx: &mut Tx,
    _: &Installation,
    id: ApiKeyId,
    ip: &str,
    every: Duration,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE api_keys SET last_used_at = $2, last_used_ip = $4 \
               WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)";
    Ok(tx.execute(sql, params![id, now, now.minus(every), ip]).await? == 1)
}

/// Ends what somebody's own keys may do in a workspace they no longer belong to; tells which. Those of service accounts and of
/// web pages are the workspace's.
pub(crate) async fn revoke_of_member(
    tx: &mut Tx,
    _: &Installation,
    workspace: WorkspaceId,
    person: PersonId,
    now: Time,
) -> Result<Vec<ApiKeyId>> {
    let live = "SELECT id FROM api_keys WHERE workspace_id = $1 AND person_id = $2 AND revoked_at IS NULL \
                AND service_account_id IS NULL AND origins IS NULL";
    let mut ended = Vec::new();
    for mut row in tx.rows(live, params![workspace, person]).await? {
        ended.push(row.take("id")?);
    }
    let sql = "UPDATE api_keys SET revoked_at = $3 WHERE workspace_id = $1 AND person_id = $2 AND revoked_at IS NULL \
               AND service_account_id IS NULL AND origins IS NULL";
    tx.execute(sql, params![workspace, person, now]).await?;
    Ok(ended)
}

/// Ends the keys of a service account; tells which.
pub(crate) async fn revoke_of_account(
    tx: &mut Tx,
    scope: &Scope,
    account: ServiceAccountId,
    now: Time,
) -> Result<Vec<ApiKeyId>> {
    let live =
        "SELECT id FROM api_keys WHERE workspace_id = $1 AND service_account_id = $2 AND revoked_at IS NULL";
    let mut ended = Vec::new();
    for mut row in tx.rows(live, params![scope.workspace(), account]).await? {
        ended.push(row.take("id")?);
    }
    let sql = "UPDATE api_keys SET revoked_at = $3 \
               WHERE workspace_id = $1 AND service_account_id = $2 AND revoked_at IS NULL";
    tx.execute(sql, params![scope.workspace(), account, now]).await?;
    Ok(ended)
}

/// The origins of all publishable keys that count now: what a browser asks before it sends one.
pub(crate) async fn published_origins(rx: &mut Read, _: &Installation, now: Time) -> Result<Vec<String>> {
    let sql = "SELECT origins FROM api_keys WHERE origins IS NOT NULL AND revoked_at IS NULL \
               AND (expires_at IS NULL OR expires_at > $1)";
    let mut all = Vec::new();
    for mut row in rx.rows(sql, params![now]).await? {
        let origins: String = row.take("origins")?;
        all.extend(serde_json::from_str::<Vec<String>>(&origins).map_err(Error::internal)?);
    }
    Ok(all)
}

/// Ends what somebody's own keys may do, tells which, and forgets the names that they gave them. The rows are kept; the keys of
/// service accounts and of web pages are the workspace's.
pub(crate) async fn forget_person(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    now: Time,
) -> Result<Vec<ApiKeyId>> {
    let live = "SELECT id FROM api_keys WHERE person_id = $1 AND revoked_at IS NULL \
                AND service_account_id IS NULL AND origins IS NULL";
    let mut ended = Vec::new();
    for mut row in tx.rows(live, params![person]).await? {
        ended.push(row.take("id")?);
    }
    let sql = "UPDATE api_keys SET name = '', revoked_at = COALESCE(revoked_at, $2) WHERE person_id = $1 \
               AND service_account_id IS NULL AND origins IS NULL";
    tx.execute(sql, params![person, now]).await?;
    Ok(ended)
}

/// All keys that somebody made, wherever they work.
pub(crate) async fn all_of_person(
    rx: &mut Read,
    _: &Installation,
    person: PersonId,
) -> Result<Vec<ApiKeyRow>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys k WHERE k.person_id = $1 ORDER BY k.created_at, k.id");
    rx.rows(&sql, params![person]).await?.iter_mut().map(api_key).collect()
}
