//! All SQL that answers who holds a credential: by key, in one go.

use db::{Read, params};
use types::{Installation, PersonId, Result, Time, WorkspaceId};

use super::touch::Touched;
use super::{Found, PersonStanding, Seat, SessionStanding};
use crate::keys::{self, ApiKeyRow};
use crate::people::{self, Status};
use crate::sessions::SessionId;
use crate::workspaces::{self, Membership, Roles};

pub(crate) async fn session(
    rx: &mut Read,
    inst: &Installation,
    roles: &Roles,
    id: SessionId,
    now: Time,
) -> Result<Option<SessionStanding>> {
    let sql = "SELECT person_id, expires_at, revoked_at, last_used_at, refresh_hash, proven_at, second_factor_at \
         FROM sessions WHERE id = $1";
    let Some(mut row) = rx.row(sql, params![id]).await? else { return Ok(None) };
    let Some(person) = person(rx, inst, roles, row.take("person_id")?).await? else { return Ok(None) };
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

pub(crate) async fn key(
    rx: &mut Read,
    inst: &Installation,
    roles: &Roles,
    prefix: &str,
) -> Result<Option<(ApiKeyRow, Vec<u8>, PersonStanding)>> {
    let Some((key, hash)) = keys::store::by_prefix(rx, inst, prefix).await? else { return Ok(None) };
    let person = person(rx, inst, roles, key.person).await?;
    Ok(person.map(|person| (key, hash, person)))
}

async fn person(
    rx: &mut Read,
    inst: &Installation,
    roles: &Roles,
    id: PersonId,
) -> Result<Option<PersonStanding>> {
    let Some(row) = people::store::get(rx, inst, id).await? else { return Ok(None) };
    let memberships = workspaces::members::store::of_person(rx, inst, id).await?;
    let seat = |membership: Membership| Seat { rights: roles.rights_of(&membership.post), membership };
    Ok(Some(PersonStanding {
        id,
        email: row.email,
        active: row.status == Status::Active,
        installation: people::store::rights(rx, inst, id).await?,
        seats: memberships.into_iter().map(seat).collect(),
    }))
}

/// By id or slug; nothing can be both.
pub(crate) async fn workspace_named(rx: &mut Read, inst: &Installation, name: &str) -> Result<Option<Found>> {
    let row = match name.parse::<WorkspaceId>() {
        Ok(id) => workspaces::store::by_id(rx, inst, id).await?,
        Err(_) => workspaces::store::by_slug(rx, inst, name).await?,
    };
    let Some(row) = row else { return Ok(None) };
    let requests = workspaces::limits::store::requests(rx, inst, row.id).await?;
    Ok(Some(Found { id: row.id, life: row.life, requests }))
}
