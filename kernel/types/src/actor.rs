//! Who did it, and the thread that ties a request to its log lines, events and jobs.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::PersonId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person who signed in.
    Person,
    /// An API key or a service account.
    Key,
    /// Nobody signed in.
    Anonymous,
    /// Mainstay itself, or an operator at the command line.
    System,
}

impl ActorKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Key => "key",
            Self::Anonymous => "anonymous",
            Self::System => "system",
        }
    }
}

/// Whoever is behind a change. Its texts are shared, because a request hands it on some ten times.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// A public id; none of the system's, nor of who has not signed in.
    pub id: Option<Arc<str>>,
    /// What a timeline shows: an address, the name of a key, the reason when it is the system.
    pub label: Arc<str>,
}

impl Actor {
    pub fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, id: None, label: "anonymous".into() }
    }

    pub fn person(id: PersonId, email: &str) -> Self {
        Self { kind: ActorKind::Person, id: Some(id.to_string().into()), label: email.into() }
    }

    pub fn system(reason: &str) -> Self {
        Self { kind: ActorKind::System, id: None, label: reason.into() }
    }
}

/// The ids that tie one request together wherever it leaves a mark, and where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub request_id: Arc<str>,
    pub trace_id: Arc<str>,
    /// Known while the request lasts; a job that it asked for does not know it any more.
    #[serde(skip)]
    pub origin: Option<Arc<Origin>>,
}

/// Where a request came from. About people: only the audit shows it, and the journal forgets it before the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// As far as the proxies can be believed.
    pub address: IpAddr,
    /// What the client says it is: at most 256 characters, on one line. Empty when it says nothing.
    pub agent: String,
}
