//! Refusals of those who signed in: what somebody tried to do and was not allowed to, for the audit.
//!
//! Owns counting them by who, what, from which network and in which minute, and telling the journal once a minute: a key
//! that is refused a thousand times a second is one line a minute. Refuses to know who reads of it, and to count strangers:
//! of those `identity` knows more.

mod jobs;

use std::net::IpAddr;

use http::StatusCode;
use http::response::Response;
use types::{Actor, Permission, Time, WorkspaceId};

use crate::caller::Caller;
use crate::limits;
use crate::problem::Unwritten;
use crate::tally::Tally;

pub(crate) use jobs::UPKEEP;

/// Beyond this many different ones in a minute, those of one workspace are counted together.
const MOST: usize = 1_000;

pub(crate) const EVENT: journal::EventType = journal::EventType {
    kind: "request.refused",
    noun: "request",
    read: Some(Permission("audit:read")),
    meaning: "Somebody was refused what they may not do; counted by the minute.",
};

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refused {
    /// Minutes since 1970.
    minute: i64,
    workspace: Option<WorkspaceId>,
    /// None when several callers are counted together.
    actor: Option<Actor>,
    network: Option<String>,
    operation: &'static str,
    code: &'static str,
    permission: Option<String>,
}

/// The counts of this node.
pub(crate) struct Refusals(Tally<Refused>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Tally::new(MOST))
    }
}

/// Whoever signed in, as far as a refusal needs to know.
pub(crate) struct Asker {
    actor: Actor,
    workspace: Option<WorkspaceId>,
    client: IpAddr,
}

impl Asker {
    pub(crate) fn of(caller: &Caller, client: IpAddr) -> Self {
        Self { actor: caller.actor.clone(), workspace: caller.workspace, client }
    }
}

impl Refusals {
    /// Looks at an answer on its way out, and counts it when it says that somebody may not do this.
    pub(crate) fn note<B>(&self, response: &Response<B>, asker: &Asker, operation: &'static str, now: Time) {
        if response.status() != StatusCode::FORBIDDEN {
            return;
        }
        let Some(Unwritten(error)) = response.extensions().get() else { return };
        let Asker { actor, workspace, client } = asker;
        let refused = Refused {
            minute: now.as_seconds().div_euclid(60),
            workspace: *workspace,
            actor: Some(actor.clone()),
            network: Some(limits::network(*client)),
            operation,
            code: error.code(),
            permission: error.members().get("permission").and_then(|name| name.as_str()).map(str::to_owned),
        };
        self.0.count(refused, |one| Refused {
            actor: None,
            network: None,
            operation: "others",
            permission: None,
            ..one
        });
    }
}
