//! A trial.

use types::{Time, typed_id};

typed_id!(
    /// A trial.
    TrialId,
    "tri"
);

pub(crate) const LONGEST: usize = 2000;

/// A trial as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct TrialRow {
    pub(crate) id: TrialId,
    pub(crate) series: String,
    pub(crate) number: i64,
    pub(crate) text: String,
    pub(crate) created_at: Time,
}
