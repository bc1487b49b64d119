//! Keys without a person behind them: a service account's, and those that stand in web pages.

use types::{Actor, ActorKind, Error, Result, Rights};
use web::Caller;

use super::standing::{Holder, KeyStanding};
use super::{invalid_key, mismatch};
use crate::Identity;
use crate::workspaces::Role;

/// What a request with a key says of where it comes from and wants to go.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) wanted: Option<&'a str>,
    pub(crate) origin: Option<&'a str>,
}

impl Identity {
    /// Such a key works in its workspace and nowhere else. It does not matter what became of whoever made it.
    pub(super) fn without_person(&self, standing: &KeyStanding, sent: Sent<'_>) -> Result<Caller> {
        let key = &standing.key;
        let workspace = key.workspace.ok_or_else(invalid_key)?;
        let own = |slug: &str| sent.wanted.is_none_or(|to| to == slug || to.parse() == Ok(workspace));
        let rights = match &standing.holder {
            Holder::Account { slug, .. } | Holder::Page { slug } if !own(slug) => return Err(mismatch()),
            Holder::Account { permissions, .. } => {
                let all = self.roles.rights(Role::Owner);
                let held = self.roles.limited(permissions, all, false);
                self.roles.limited(&key.permissions, &held, false)
            }
            Holder::Page { .. } => {
                stands_in(key.origins.as_deref().unwrap_or_default(), sent.origin)?;
                self.roles.limited(&key.permissions, &self.publishable, false)
            }
            Holder::Person | Holder::Nobody => return Err(invalid_key()),
        };
        Ok(Caller {
            actor: Actor { kind: ActorKind::Key, id: Some(key.id.to_string()), label: key.name.clone() },
            principal: key.id.to_string(),
            session: None,
            workspace: Some(workspace),
            rights,
            installation: Rights::none(),
            proven_at: None,
            second_factor: false,
            barred: false,
            published: key.origins.is_some(),
        })
    }
}

/// A publishable key is no secret: that the browser says which page sends it is all that keeps it in its place. Programs
/// can say anything, and may no more with it than every visitor of the page.
fn stands_in(origins: &[String], origin: Option<&str>) -> Result<()> {
    if origin.is_some_and(|origin| origins.iter().any(|one| one == origin)) {
        return Ok(());
    }
    let message = "This publishable key counts only in pages of its origins.";
    Err(Error::forbidden("origin_not_allowed", message))
}
