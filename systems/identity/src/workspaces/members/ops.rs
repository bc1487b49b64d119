//! Taking people into a workspace and out of it.

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result, Rights, Scope};

use super::model::MemberRow;
use super::store;
use crate::people::{self, Status, email_key};
use crate::workspaces::{Role, Roles};
use crate::{events, keys};

/// Takes in somebody who has an account, as far as the caller may grant the role.
pub(crate) async fn add(
    tx: &mut Tx,
    inst: &Installation,
    scope: &Scope,
    grant: (&Roles, &Rights),
    email: &str,
    role: Role,
) -> Result<MemberRow> {
    let (roles, held) = grant;
    if !roles.covered_by(role, held) {
        return Err(Error::forbidden(
            "cannot_grant",
            "Nobody can give a role that may do more than they may.",
        ));
    }
    let person = people::store::by_email(tx, inst, &email_key(email)).await?;
    let Some(person) = person.filter(|person| person.status == Status::Active) else {
        let message = "nobody with this address has an account";
        return Err(
            Error::invalid("invalid", "Some fields are not valid.").at_field("/email", "unknown", message)
        );
    };
    let now = tx.now();
    if !store::insert(tx, scope, person.id, role, now).await? {
        return Err(Error::conflict("already_member", "They belong to this workspace already."));
    }
    tell_added(tx, scope, person.id, role).await?;
    store::get(tx, scope, person.id).await?.ok_or_else(Error::not_found)
}

/// The event that goes with every new membership.
pub(crate) async fn tell_added(tx: &mut Tx, scope: &Scope, person: PersonId, role: Role) -> Result<()> {
    let payload = json!({"person_id": person, "role": role});
    events::in_workspace(tx, scope, events::MEMBER_ADDED, scope.workspace().to_string(), payload).await
}

/// Takes somebody out, and ends the keys they made there. The last owner stays: nobody could take them back in.
pub(crate) async fn remove(tx: &mut Tx, inst: &Installation, scope: &Scope, person: PersonId) -> Result<()> {
    let member = store::get(tx, scope, person).await?.ok_or_else(Error::not_found)?;
    if member.role == Role::Owner && store::owners(tx, scope).await? < 2 {
        return Err(Error::conflict("last_owner", "The last owner of a workspace cannot leave it."));
    }
    let now = tx.now();
    store::remove(tx, scope, person).await?;
    for key in keys::store::revoke_of_member(tx, inst, scope.workspace(), person, now).await? {
        let payload = json!({"because": "member_removed"});
        events::in_workspace(tx, scope, events::API_KEY_REVOKED, key.to_string(), payload).await?;
    }
    let payload = json!({"person_id": person});
    events::in_workspace(tx, scope, events::MEMBER_REMOVED, scope.workspace().to_string(), payload).await
}
