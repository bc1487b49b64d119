//! The settings of a workspace, and what they are before anybody said anything.

use types::Time;

use crate::workspaces::Role;
use crate::workspaces::roles::Post;

pub(crate) const DAYS_MAX: i64 = 60;

#[derive(Clone, Debug)]
pub(crate) struct Choices {
    /// What an invitation makes somebody that names no role.
    pub(crate) post: Post,
    /// How long an invitation can be accepted.
    pub(crate) invitation_days: i64,
    pub(crate) updated_at: Option<Time>,
    pub(crate) revision: i64,
}

impl Default for Choices {
    fn default() -> Self {
        Self { post: Post::built_in(Role::Member), invitation_days: 7, updated_at: None, revision: 1 }
    }
}
