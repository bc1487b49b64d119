//! A delivery, and what was said in each attempt at it.

use journal::{Event, EventId};
use queue::JobId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use types::{Scalar, Time, WorkspaceId, typed_id};
use utoipa::ToSchema;

use crate::webhooks::model::WebhookId;

typed_id!(
    /// A delivery: the `webhook-id` of everything that is sent for it.
    DeliveryId,
    "whd"
);

/// The type of what `POST .../test` sends.
pub(crate) const TEST: &str = "webhook.test";

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It will be tried, now or again.
    Queued,
    Delivered,
    /// It is not tried any more, unless by hand.
    Failed,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Delivered, Self::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

impl From<State> for Scalar {
    fn from(state: State) -> Self {
        state.as_str().into()
    }
}

/// A delivery as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryRow {
    pub(crate) id: DeliveryId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) webhook: WebhookId,
    /// None for a test.
    pub(crate) event: Option<EventId>,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) event_version: Option<i64>,
    pub(crate) occurred_at: Time,
    pub(crate) state: State,
    pub(crate) attempts: i64,
    pub(crate) status: Option<i64>,
    pub(crate) error: Option<String>,
    /// What sends it.
    pub(crate) job: Option<JobId>,
    pub(crate) created_at: Time,
    pub(crate) ended_at: Option<Time>,
    pub(crate) version: i64,
}

impl DeliveryRow {
    pub(crate) fn of_event(now: Time, workspace: WorkspaceId, webhook: WebhookId, event: &Event) -> Self {
        Self {
            event: Some(event.id),
            kind: event.kind.clone(),
            subject: event.subject.clone(),
            event_version: event.version(),
            occurred_at: event.occurred_at,
            ..Self::test(now, workspace, webhook)
        }
    }

    pub(crate) fn test(now: Time, workspace: WorkspaceId, webhook: WebhookId) -> Self {
        Self {
            id: DeliveryId::at(now),
            workspace,
            webhook,
            event: None,
            kind: TEST.to_owned(),
            subject: webhook.to_string(),
            event_version: None,
            occurred_at: now,
            state: State::Queued,
            attempts: 0,
            status: None,
            error: None,
            job: None,
            created_at: now,
            ended_at: None,
            version: 1,
        }
    }

    /// What is sent: that something happened, and to what. Whoever wants to know more asks, and is authorised for the answer.
    pub(crate) fn payload(&self) -> Value {
        let mut data = json!({"workspace_id": self.workspace, "subject": self.subject});
        if let Some(event) = self.event {
            data["event_id"] = json!(event);
        }
        if let Some(version) = self.event_version {
            data["version"] = version.into();
        }
        json!({"type": self.kind, "timestamp": self.occurred_at, "data": data})
    }
}

/// One attempt, as far as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Time,
    pub(crate) ms: i64,
    pub(crate) status: Option<i64>,
    /// What went wrong, in words that tell nothing of the inside.
    pub(crate) error: Option<String>,
    pub(crate) request_headers: Value,
    pub(crate) answer_headers: Option<Value>,
    pub(crate) answer_body: Option<String>,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Delivered,
    /// 410: it wants nothing more.
    Gone,
    /// Tried again, not before so many seconds if it asked for that.
    Failed {
        wait: Option<u64>,
    },
}

impl Verdict {
    pub(crate) const fn wait(self) -> Option<u64> {
        if let Self::Failed { wait } = self { wait } else { None }
    }
}
