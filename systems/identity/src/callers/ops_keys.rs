//! Keys without a person behind them: a service account's, and those that stand in web pages.

use types::{Error, Result, Rights, Time};
use web::Caller;

use super::standing::{Holder, KeyStanding};
use super::{invalid_key, left, mismatch};
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
    pub(super) fn without_person(&self, standing: &KeyStanding, sent: Sent<'_>, now: Time) -> Result<Caller> {
        let KeyStanding { key, actor, .. } = standing;
        let (at, slug) = match &standing.holder {
            Holder::Account { at, slug, .. } | Holder::Page { at, slug } => (*at, slug),
            Holder::Person | Holder::Nobody => return Err(invalid_key()),
        };
        if sent.wanted.is_some_and(|to| to != slug && to.parse() != Ok(at.id)) {
            return Err(mismatch());
        }
        let rights = match &standing.holder {
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
        let closed = at.life.closed(now);
        Ok(Caller {
            principal: super::principal_of(actor),
            actor: actor.clone(),
            session: None,
            workspace: Some(at.id),
            rights: left(&rights, closed),
            installation: Rights::none(),
            proven_at: None,
            second_factor: false,
            barred: false,
            closed,
            requests: at.requests,
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
