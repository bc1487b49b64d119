//! Somebody in a workspace, seen from the workspace and from the person.

use types::{PersonId, Time, WorkspaceId};

use crate::workspaces::Role;

/// A member as the workspace sees them.
#[derive(Clone, Debug)]
pub struct MemberRow {
    pub person_id: PersonId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub created_at: Time,
}

/// A membership as the person sees it.
#[derive(Clone, Debug)]
pub struct Membership {
    pub workspace: WorkspaceId,
    pub slug: String,
    pub name: String,
    pub role: Role,
    pub is_default: bool,
}
