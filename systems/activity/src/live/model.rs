//! The messages of the live socket, both directions. Pure.

use serde::{Deserialize, Serialize};
use web::Close;

use crate::followers::Change;
use crate::presence::{Crowd, Told};

/// Principals that a snapshot names; beyond, only their number is told.
const NAMED: usize = 500;

/// The text was no message, or not one for this moment.
pub(crate) const BAD_FRAME: Close = Close { code: 4400, reason: "bad_frame" };
pub(crate) const NOT_SIGNED_IN: Close = Close { code: 4401, reason: "not_signed_in" };
pub(crate) const NOT_ALLOWED: Close = Close { code: 4403, reason: "not_allowed" };
pub(crate) const NO_HEARTBEAT: Close = Close { code: 4408, reason: "no_heartbeat" };
/// Not now: too many connections, or something of ours does not answer.
pub(crate) const LATER: Close = Close { code: 1013, reason: "try_again_later" };

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Said {
    Hello {
        /// The last event that was read, to go on after it.
        after: Option<String>,
        /// An access token, where the request could not carry one.
        token: Option<String>,
        /// The workspace for that token, by id or slug.
        workspace: Option<String>,
    },
    Subscribe {
        topics: Vec<String>,
        /// To be seen there, and to see who else is.
        #[serde(default)]
        presence: bool,
    },
    Unsubscribe {
        topics: Vec<String>,
    },
    Heartbeat {},
}

/// What a client is told.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Says<'a> {
    Hello {
        connection_id: String,
        heartbeat_seconds: u64,
    },
    Subscribed {
        topics: Vec<&'a str>,
    },
    Unsubscribed {
        topics: Vec<&'a str>,
    },
    Refused {
        topic: &'a str,
        code: &'static str,
    },
    Event {
        id: String,
        event: &'a str,
        subject: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    },
    Heartbeat,
    Snapshot {
        topic: &'a str,
        present: Vec<Present<'a>>,
        total: usize,
    },
    Join {
        topic: &'a str,
        principal: &'a str,
        connections: u32,
    },
    Leave {
        topic: &'a str,
        principal: &'a str,
        connections: u32,
    },
    Gap {
        after: String,
        code: &'a str,
    },
}

/// Somebody who is there.
#[derive(Serialize)]
pub(crate) struct Present<'a> {
    principal: &'a str,
    connections: u32,
}

impl<'a> Says<'a> {
    pub(crate) fn event(change: &'a Change) -> Self {
        Self::Event {
            id: change.id.to_string(),
            event: &change.kind,
            subject: &change.subject,
            version: change.version,
        }
    }

    pub(crate) fn snapshot(topic: &'a str, crowd: &'a Crowd) -> Self {
        let present = crowd.iter().take(NAMED);
        let present = present.map(|(principal, n)| Present { principal, connections: *n }).collect();
        Self::Snapshot { topic, present, total: crowd.len() }
    }

    pub(crate) fn told(told: &'a Told) -> Self {
        let (topic, principal, connections) = (&*told.topic, told.principal.as_str(), told.connections);
        if told.came {
            Self::Join { topic, principal, connections }
        } else {
            Self::Leave { topic, principal, connections }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_what_is_no_message_is_refused() {
        let read = |text: &str| serde_json::from_str::<Said>(text).is_ok();
        for good in [
            r#"{"type":"hello"}"#,
            r#"{"type":"hello","after":null,"token":"x"}"#,
            r#"{"type":"subscribe","topics":["a"],"presence":true}"#,
            r#"{"type":"heartbeat"}"#,
        ] {
            assert!(read(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "null",
            "[]",
            "{}",
            r#"{"type":"nothing"}"#,
            r#"{"type":1}"#,
            r#"{"type":"heartbeat","x":1}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","topics":"a"}"#,
            r#"{"type":"subscribe","topics":[1]}"#,
            r#"{"type":"subscribe","topics":[],"topics":[]}"#,
            r#"{"type":"heartbeat"} x"#,
            r#"{"type":"hello","workspace_id":"wsp_1"}"#,
            r#"{"type":"event","id":"evt_1"}"#,
        ] {
            assert!(!read(bad), "{bad}");
        }
        assert!(!read(&"[".repeat(5_000)));
    }
}
