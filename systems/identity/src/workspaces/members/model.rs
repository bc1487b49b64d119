//! Somebody in a workspace, seen from the workspace and from the person.

use types::{PersonId, Time, WorkspaceId};

use crate::workspaces::life::Life;
use crate::workspaces::roles::Post;

/// A member as the workspace sees them.
#[derive(Clone, Debug)]
pub(crate) struct MemberRow {
    pub(crate) person_id: PersonId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) post: Post,
    pub(crate) created_at: Time,
    pub(crate) version: i64,
}

/// A membership as the person sees it.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) workspace: WorkspaceId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) post: Post,
    pub(crate) life: Life,
    /// How many requests a minute the workspace has, if that was limited.
    pub(crate) requests: Option<u32>,
    pub(crate) is_default: bool,
    /// Whether the workspace keeps sessions without a second factor out.
    pub(crate) require_second_factor: bool,
}
