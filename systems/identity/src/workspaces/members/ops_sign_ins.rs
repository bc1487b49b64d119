//! Telling the workspaces of somebody that they signed in: whoever answers for one reads it in its audit.

use db::Tx;
use serde_json::json;
use types::{Installation, PersonId, Result, Scope};

use super::store;
use crate::events;

/// In the commit of the sign-in, once for each workspace.
pub(crate) async fn signed_in(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<()> {
    for membership in store::of_person(tx, inst, person).await? {
        let scope = Scope::of_request(membership.workspace, inst.actor().clone(), inst.trace().clone());
        let subject = person.to_string();
        events::in_workspace(tx, &scope, events::MEMBER_SIGNED_IN, subject, json!({})).await?;
    }
    Ok(())
}
