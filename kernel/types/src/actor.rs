//! Who did it, and the thread that ties a request to its log lines, events and jobs.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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

/// Whoever is behind a change. `id` is a public id, or the reason when it is the system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: Option<String>,
    /// What a timeline shows: an address, the name of a key.
    pub label: String,
}

impl Actor {
    pub fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, id: None, label: "anonymous".into() }
    }

    pub fn system(reason: &str) -> Self {
        Self { kind: ActorKind::System, id: None, label: reason.into() }
    }
}

/// The ids that tie one request together wherever it leaves a mark, and where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub request_id: String,
    pub trace_id: String,
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
