//! All SQL that answers who holds a credential: by key, in one go.

use db::{Read, params};
use types::{Installation, PersonId, Result, Time, WorkspaceId};

use super::ops::Touched;
use super::{Holder, PersonStanding, SessionStanding};
use crate::keys::{self, ApiKeyRow};
use crate::people::{self, Status};
use crate::sessions::SessionId;
use crate::{service_accounts, workspaces};

pub(crate) async fn session(
    rx: &mut Read,
    inst: &Installation,
    id: SessionId,
    now: Time,
) -> Result<Option<SessionStanding>> {
    let sql = "SELECT person_id, expires_at, revoked_at, last_used_at, refresh_hash, proven_at, second_factor_at \
         FROM sessions WHERE id = $1";
    let Some(mut row) = rx.row(sql, params![id]).await? else { return Ok(None) };
    let Some(person) = person(rx, inst, row.take("person_id")?).await? else { return Ok(None) };
    Ok(Some(SessionStanding {
        read_at: now,
        revoked: row.take::<Option<Time>>("revoked_at")?.is_some(),
        expires_at: row.take("expires_at")?,
        proven_at: row.take("proven_at")?,
        second_factor: row.take::<Option<Time>>("second_factor_at")?.is_some(),
        secret_hash: row.take("refresh_hash")?,
        touched: Touched::new(row.take("last_used_at")?),
        person,
    }))
}

/// A key, whatever became of it, and who is behind it.
pub(crate) struct Found {
    pub(crate) key: ApiKeyRow,
    pub(crate) hash: Vec<u8>,
    pub(crate) person: PersonStanding,
    pub(crate) holder: Holder,
}

pub(crate) async fn key(rx: &mut Read, inst: &Installation, prefix: &str) -> Result<Option<Found>> {
    let Some((key, hash)) = keys::store::by_prefix(rx, inst, prefix).await? else { return Ok(None) };
    let holder = match (key.account, &key.origins, key.workspace) {
        (None, None, _) => Holder::Person,
        (Some(account), _, Some(workspace)) => {
            match service_accounts::store::admitted(rx, inst, account).await? {
                Some(permissions) => Holder::Account { slug: slug(rx, inst, workspace).await?, permissions },
                None => Holder::Nobody,
            }
        }
        (None, Some(_), Some(workspace)) => Holder::Page { slug: slug(rx, inst, workspace).await? },
        (_, _, None) => Holder::Nobody,
    };
    let person = person(rx, inst, key.person).await?;
    Ok(person.map(|person| Found { key, hash, person, holder }))
}

async fn slug(rx: &mut Read, _: &Installation, workspace: WorkspaceId) -> Result<String> {
    let mut row = rx.row("SELECT slug FROM workspaces WHERE id = $1", params![workspace]).await?;
    row.as_mut().map_or_else(|| Ok(String::new()), |row| row.take("slug").map_err(Into::into))
}

async fn person(rx: &mut Read, inst: &Installation, id: PersonId) -> Result<Option<PersonStanding>> {
    let Some(row) = people::store::get(rx, inst, id).await? else { return Ok(None) };
    Ok(Some(PersonStanding {
        id,
        email: row.email,
        active: row.status == Status::Active,
        installation: people::store::rights(rx, inst, id).await?,
        memberships: workspaces::members::store::of_person(rx, inst, id).await?,
    }))
}

/// By id or slug; nothing can be both.
pub(crate) async fn workspace_named(
    rx: &mut Read,
    inst: &Installation,
    name: &str,
) -> Result<Option<WorkspaceId>> {
    match name.parse::<WorkspaceId>() {
        Ok(id) => Ok(workspaces::store::exists(rx, inst, id).await?.then_some(id)),
        Err(_) => Ok(workspaces::store::by_slug(rx, inst, name).await?.map(|row| row.id)),
    }
}
