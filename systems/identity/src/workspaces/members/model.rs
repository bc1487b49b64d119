//! Somebody in a workspace, seen from the workspace and from the person.

use types::{PersonId, Time, WorkspaceId};

use crate::workspaces::Role;

/// A member as the workspace sees them.
#[derive(Clone, Debug)]
pub(crate) struct MemberRow {
    pub(crate) person_id: PersonId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) created_at: Time,
}

/// A membership as the person sees it.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) workspace: WorkspaceId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) is_default: bool,
    /// Whether the workspace keeps sessions without a second factor out.
    pub(crate) require_second_factor: bool,
}
