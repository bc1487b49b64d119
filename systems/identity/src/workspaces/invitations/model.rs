//! An invitation, how it stands, and what its mail says.

use std::time::Duration;

use serde::Serialize;
use types::{PersonId, Time, WorkspaceId, typed_id};

use crate::workspaces::roles::Post;

typed_id!(
    /// An invitation into a workspace.
    InvitationId,
    "inv"
);

/// How the row stands; what is pending past its time is expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Accepted,
    Cancelled,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Cancelled => "cancelled",
        }
    }

    /// What is not known can not be accepted.
    pub(crate) fn read(text: &str) -> Self {
        match text {
            "pending" => Self::Pending,
            "accepted" => Self::Accepted,
            _ => Self::Cancelled,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct InvitationRow {
    pub(crate) id: InvitationId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) email: String,
    pub(crate) email_key: String,
    pub(crate) post: Post,
    pub(crate) state: State,
    pub(crate) invited_by: PersonId,
    pub(crate) created_at: Time,
    pub(crate) sent_at: Time,
    pub(crate) expires_at: Time,
    pub(crate) ended_at: Option<Time>,
    pub(crate) version: i64,
}

impl InvitationRow {
    pub(crate) fn is_open(&self, now: Time) -> bool {
        self.state == State::Pending && now < self.expires_at
    }

    /// One word for it.
    pub(crate) fn word(&self, now: Time) -> &'static str {
        match self.state {
            State::Pending if now >= self.expires_at => "expired",
            state => state.as_str(),
        }
    }
}

pub(crate) fn life(days: i64) -> Duration {
    Duration::from_hours(24 * u64::try_from(days).unwrap_or(1))
}

pub(crate) const INVITED: mail::Template = mail::Template {
    name: "invited",
    subject: "{{ inviter }} invites you to {{ workspace }}",
    text: include_str!("templates/invited.txt"),
    html: include_str!("templates/invited.html"),
};

/// What fills the mail in.
#[derive(Serialize)]
pub(crate) struct Invited<'a> {
    pub(crate) workspace: &'a str,
    pub(crate) inviter: &'a str,
    pub(crate) role: &'a str,
    pub(crate) link: &'a str,
    /// What stands behind `#` in it, for whose browser runs no script.
    pub(crate) code: &'a str,
    pub(crate) until: String,
}
