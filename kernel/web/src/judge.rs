//! Whether a caller may do what he asks for, and where: the rule of the operation against what he holds now.

use http::{HeaderMap, Method};
use types::{Error, Result, Scope, Trace};

use crate::access::{Access, Rule};
use crate::app::App;
use crate::caller::Caller;
use crate::faults::Fault;
use crate::gate::{scope, writes};

/// The caller, and the workspace that the request stands on; or why not.
pub(crate) async fn judge(
    app: &App,
    access: Access,
    caller: Option<Caller>,
    method: &Method,
    headers: &HeaderMap,
    trace: Trace,
) -> Result<(Option<Caller>, Option<Scope>)> {
    if let Some(closed) = caller.as_ref().and_then(|caller| caller.closed)
        && matches!(access.rule, Rule::Open(_) | Rule::Workspace(_))
        && writes(method)
        && !app.broken(Fault::OpenGate)
    {
        return Err(closed.refusal());
    }
    let later = access.asks_later && caller.is_none() && crate::socket::is_wanted(headers);
    let scope = if later { None } else { scope(app, access.rule, caller.as_ref(), trace).await? };
    if let Some(caller) =
        caller.as_ref().filter(|caller| access.fresh.asks(caller) && !app.broken(Fault::StaleProof))
    {
        caller.proven_within(app.authenticate().step_up_age(app), app.clock().now())?;
    }
    Ok((caller, scope))
}

pub(crate) fn permit(rule: Rule, caller: &Caller) -> Result<()> {
    if caller.published && matches!(rule, Rule::SignedIn | Rule::Installation(_)) {
        return Err(Error::forbidden("publishable_key", "A publishable key is nobody's own, and no secret."));
    }
    let (rights, permission) = match rule {
        Rule::Anyone | Rule::SignedIn => return Ok(()),
        Rule::Open(_) | Rule::Workspace(_) if caller.barred => return Err(second_factor_needed()),
        Rule::Open(permission) | Rule::Workspace(permission) => {
            if caller.workspace.is_none() {
                return Err(Error::forbidden(
                    "no_workspace",
                    "This needs a workspace, and you belong to none.",
                ));
            }
            if let Some(closed) = caller.closed.filter(|closed| !closed.may_be_read()) {
                return Err(closed.refusal());
            }
            (&caller.rights, permission)
        }
        Rule::Installation(permission) => (&caller.installation, permission),
    };
    if rights.hold(permission) {
        return Ok(());
    }
    Err(Error::forbidden("permission_needed", format!("This needs the permission {}.", permission.as_str()))
        .with("permission", permission.as_str()))
}

/// For a workspace that asks for a second factor, of a session without one.
pub fn second_factor_needed() -> Error {
    let message = "This workspace asks for a second factor. Add one, or sign in with the one you have.";
    Error::forbidden("second_factor_needed", message)
}
