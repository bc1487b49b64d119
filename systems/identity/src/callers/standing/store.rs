//! All SQL that answers who holds a credential: by key, in one go.

use db::{Read, params};
use types::{Actor, Installation, PersonId, Result, Time, WorkspaceId};

use super::ops::Touched;
use super::{Found, Holder, PersonStanding, Seat, SessionStanding};
use crate::keys::{self, ApiKeyRow};
use crate::people::{self, Status};
use crate::service_accounts;
use crate::sessions::SessionId;
use crate::workspaces::{self, Membership, Roles, WorkspaceRow};

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
        text: id.to_string().into(),
        person,
    }))
}

/// A key, whatever became of it, and who is behind it.
pub(crate) struct KnownKey {
    pub(crate) key: ApiKeyRow,
    pub(crate) hash: Vec<u8>,
    pub(crate) person: PersonStanding,
    pub(crate) holder: Holder,
}

pub(crate) async fn key(
    rx: &mut Read,
    inst: &Installation,
    roles: &Roles,
    prefix: &str,
) -> Result<Option<KnownKey>> {
    let Some((key, hash)) = keys::store::by_prefix(rx, inst, prefix).await? else { return Ok(None) };
    let at = match key.workspace.filter(|_| key.account.is_some() || key.origins.is_some()) {
        Some(workspace) => workspaces::store::by_id(rx, inst, workspace).await?,
        None => None,
    };
    let holder = match (key.account, &key.origins, at) {
        (None, None, _) => Holder::Person,
        (account, _, Some(row)) => {
            let slug = row.slug.clone();
            let at = found(rx, inst, row).await?;
            match account {
                None => Holder::Page { at, slug },
                Some(account) => match service_accounts::store::admitted(rx, inst, account).await? {
                    Some(permissions) => Holder::Account { at, slug, permissions },
                    None => Holder::Nobody,
                },
            }
        }
        (_, _, None) => Holder::Nobody,
    };
    let person = person(rx, inst, roles, key.person).await?;
    Ok(person.map(|person| KnownKey { key, hash, person, holder }))
}

async fn found(rx: &mut Read, inst: &Installation, row: WorkspaceRow) -> Result<Found> {
    let requests = workspaces::limits::store::requests(rx, inst, row.id).await?;
    Ok(Found { id: row.id, life: row.life, requests })
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
        actor: Actor::person(id, &row.email),
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
    match row {
        Some(row) => found(rx, inst, row).await.map(Some),
        None => Ok(None),
    }
}
