//! What a service account is.

use types::{PersonId, Time, typed_id};

typed_id!(
    /// A program that a workspace lets in.
    ServiceAccountId,
    "sva"
);

pub(crate) const NAME_MAX: usize = 80;

/// An account as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct ServiceAccountRow {
    pub(crate) id: ServiceAccountId,
    pub(crate) name: String,
    pub(crate) permissions: Vec<String>,
    pub(crate) created_by: PersonId,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) disabled_at: Option<Time>,
    pub(crate) version: i64,
}
