//! An offer to become the owner.

use std::time::Duration;

use types::{PersonId, Time};

/// How long an offer stands.
pub(crate) const LIFE: Duration = Duration::from_hours(24 * 7);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) from: PersonId,
    pub(crate) to: PersonId,
    pub(crate) offered_at: Time,
    pub(crate) expires_at: Time,
}
