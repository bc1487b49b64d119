//! All SQL about providers that were made at run time. Their secrets are sealed by whoever calls.

use db::{Read, Row, Tx, params};
use types::{Error, Installation, Result, Time};

use super::model::{Kept, Provider, Provisioning};
use crate::workspaces::Role;

const COLUMNS: &str = "name, title, issuer, client_id, client_secret, scopes, audience, domains, provisioning, workspace, \
                       role, enabled, created_at, updated_at, version";

/// A provider without its secret, and the secret as it is sealed.
pub(crate) type Sealed = (Provider, Option<Vec<u8>>);

fn provider(row: &mut Row) -> Result<Sealed> {
    let list = |text: String| serde_json::from_str(&text).map_err(Error::internal);
    let provider = Provider {
        name: row.take("name")?,
        title: row.take("title")?,
        issuer: row.take("issuer")?,
        client_id: row.take("client_id")?,
        client_secret: config::Secret::default(),
        scopes: list(row.take("scopes")?)?,
        audience: row.take("audience")?,
        domains: list(row.take("domains")?)?,
        provisioning: Provisioning::read(&row.take::<String>("provisioning")?),
        workspace: row.take("workspace")?,
        role: Role::read(&row.take::<String>("role")?, None),
        enabled: row.take("enabled")?,
        kept: Some(Kept {
            created_at: row.take("created_at")?,
            updated_at: row.take("updated_at")?,
            version: row.take("version")?,
        }),
    };
    Ok((provider, row.take("client_secret")?))
}

/// Every one of them, by name. There are as many as an operator made: a handful.
pub(crate) async fn all(rx: &mut Read, _: &Installation) -> Result<Vec<Sealed>> {
    let sql = format!("SELECT {COLUMNS} FROM sso_providers ORDER BY name");
    rx.rows(&sql, params![]).await?.iter_mut().map(provider).collect()
}

pub(crate) async fn get(rx: &mut Read, _: &Installation, name: &str) -> Result<Option<Sealed>> {
    let sql = format!("SELECT {COLUMNS} FROM sso_providers WHERE name = $1");
    rx.row(&sql, params![name]).await?.as_mut().map(provider).transpose()
}

/// `false` when the name is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    _: &Installation,
    one: &Provider,
    secret: Option<&[u8]>,
    now: Time,
) -> Result<bool> {
    let sql = "INSERT INTO sso_providers (name, title, issuer, client_id, client_secret, scopes, audience, domains, \
               provisioning, workspace, role, enabled, created_at, updated_at, version) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 1) ON CONFLICT (name) DO NOTHING";
    let values = params![
        &one.name,
        &one.title,
        &one.issuer,
        &one.client_id,
        secret,
        text(&one.scopes)?,
        one.audience.as_deref(),
        text(&one.domains)?,
        one.provisioning.as_str(),
        one.workspace.as_deref(),
        one.role.kept(),
        one.enabled,
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Everything but the name.
pub(crate) async fn update(
    tx: &mut Tx,
    _: &Installation,
    one: &Provider,
    secret: Option<&[u8]>,
    now: Time,
) -> Result<()> {
    let sql = "UPDATE sso_providers SET title = $2, issuer = $3, client_id = $4, client_secret = $5, scopes = $6, audience = $7, \
               domains = $8, provisioning = $9, workspace = $10, role = $11, enabled = $12, updated_at = $13, \
               version = version + 1 WHERE name = $1";
    let values = params![
        &one.name,
        &one.title,
        &one.issuer,
        &one.client_id,
        secret,
        text(&one.scopes)?,
        one.audience.as_deref(),
        text(&one.domains)?,
        one.provisioning.as_str(),
        one.workspace.as_deref(),
        one.role.kept(),
        one.enabled,
        now
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, _: &Installation, name: &str) -> Result<()> {
    tx.execute("DELETE FROM sso_providers WHERE name = $1", params![name]).await?;
    Ok(())
}

fn text(list: &[String]) -> Result<String> {
    serde_json::to_string(list).map_err(Error::internal)
}
