//! Taking people into a workspace and out of it, and making them something else there.

use db::{Read, Tx};
use serde_json::json;
use types::{Error, Installation, PersonId, Result, Rights, Scope};

use super::model::MemberRow;
use super::store;
use crate::people::{self, Status, email_key};
use crate::workspaces::limits::{self, Allowed, Name};
use crate::workspaces::roles::Post;
use crate::workspaces::{Role, Roles};
use crate::{events, keys};

/// Takes in somebody who has an account, as far as the caller may grant the role. For who may know about accounts.
pub(crate) async fn add(
    tx: &mut Tx,
    inst: &Installation,
    scope: &Scope,
    allowed: &Allowed,
    email: &str,
    role: Role,
) -> Result<MemberRow> {
    let person = people::store::by_email(tx, inst, &email_key(email)).await?;
    let Some(person) = person.filter(|person| person.status == Status::Active) else {
        let message = "nobody with this address has an account";
        return Err(
            Error::invalid("invalid", "Some fields are not valid.").at_field("/email", "unknown", message)
        );
    };
    join(tx, scope, allowed, person.id, role).await?;
    store::get(tx, scope, person.id).await?.ok_or_else(Error::not_found)
}

/// Makes somebody a member, within the limit of the workspace.
pub(crate) async fn join(
    tx: &mut Tx,
    scope: &Scope,
    allowed: &Allowed,
    person: PersonId,
    role: Role,
) -> Result<()> {
    let now = tx.now();
    if store::get(tx, scope, person).await?.is_some() {
        return Err(Error::conflict("already_member", "They belong to this workspace already."));
    }
    limits::ops::admit(tx, scope, allowed, Name::Members).await?;
    store::insert(tx, scope, person, role, now).await?;
    tell_added(tx, scope, person, role).await
}

/// The event that goes with every new membership.
pub(crate) async fn tell_added(tx: &mut Tx, scope: &Scope, person: PersonId, role: Role) -> Result<()> {
    let payload = json!({"person_id": person, "role": role});
    events::in_workspace(tx, scope, events::MEMBER_ADDED, scope.workspace().to_string(), payload).await
}

/// Nobody does anything to somebody who has more than they have.
pub(crate) fn reach(roles: &Roles, held: &Rights, member: &MemberRow) -> Result<()> {
    if held.cover(&roles.rights_of(&member.post)) {
        return Ok(());
    }
    let message = "Nobody can change or take out somebody who may do more than they may.";
    Err(Error::forbidden("member_has_more", message))
}

/// Makes a member something else. Both what they were and what they become has to be covered by what the caller holds.
pub(crate) async fn change(
    tx: &mut Tx,
    scope: &Scope,
    grant: (&Roles, &Rights),
    member: MemberRow,
    post: &Post,
) -> Result<MemberRow> {
    let (roles, held) = grant;
    reach(roles, held, &member)?;
    roles.admit(post, held)?;
    if post.role == member.post.role {
        return Ok(member);
    }
    if member.post.role == Role::Owner {
        keep_an_owner(tx, scope, member.person_id).await?;
    }
    make(tx, scope, member.person_id, post.role).await?;
    store::get(tx, scope, member.person_id).await?.ok_or_else(Error::not_found)
}

/// Writes the role down and tells of it.
pub(crate) async fn make(tx: &mut Tx, scope: &Scope, person: PersonId, role: Role) -> Result<()> {
    store::set_role(tx, scope, person, role).await?;
    let payload = json!({"person_id": person, "role": role});
    let subject = scope.workspace().to_string();
    events::in_workspace(tx, scope, events::MEMBER_ROLE_CHANGED, subject, payload).await
}

/// Takes somebody out, and ends the keys they made there. The last owner stays: nobody could take them back in.
pub(crate) async fn remove(
    tx: &mut Tx,
    inst: &Installation,
    scope: &Scope,
    member: &MemberRow,
) -> Result<()> {
    if member.post.role == Role::Owner {
        keep_an_owner(tx, scope, member.person_id).await?;
    }
    let (now, person) = (tx.now(), member.person_id);
    store::remove(tx, scope, person).await?;
    for key in keys::store::revoke_of_member(tx, inst, scope.workspace(), person, now).await? {
        let payload = json!({"because": "member_removed"});
        events::in_workspace(tx, scope, events::API_KEY_REVOKED, key.to_string(), payload).await?;
    }
    let payload = json!({"person_id": person});
    events::in_workspace(tx, scope, events::MEMBER_REMOVED, scope.workspace().to_string(), payload).await
}

/// Asked before an owner becomes none: somebody who may sign in has to be left. The transactions of two who go at once see
/// each other, on PostgreSQL by being serializable.
async fn keep_an_owner(rx: &mut Read, scope: &Scope, person: PersonId) -> Result<()> {
    if !store::others_own(rx, scope, person).await? {
        return Err(Error::conflict("last_owner", "The last owner of a workspace cannot leave it."));
    }
    Ok(())
}
