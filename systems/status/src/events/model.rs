//! A status event, and what the journal says of it.

use journal::EventType;
use types::{Time, typed_id};

use crate::level::Level;
use crate::services::model::ServiceId;

typed_id!(
    /// A status event.
    StatusEventId,
    "ste"
);

pub(crate) const LONGEST_DESCRIPTION: usize = 2000;

/// A status event as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct StatusEventRow {
    pub(crate) id: StatusEventId,
    pub(crate) service: ServiceId,
    pub(crate) slug: String,
    pub(crate) status: Level,
    pub(crate) description: String,
    pub(crate) created_by: String,
    pub(crate) created_at: Time,
}

/// What this system writes to the journal.
pub(crate) const EVENT_TYPES: &[EventType] = &[
    EventType {
        kind: "status_event.created",
        noun: "status_event",
        read: None,
        meaning: "A status was reported.",
    },
    EventType {
        kind: "service.registered",
        noun: "service",
        read: None,
        meaning: "A service was reported of for the first time.",
    },
    EventType {
        kind: "service.status_changed",
        noun: "service",
        read: None,
        meaning: "A service came to stand differently.",
    },
    EventType {
        kind: "service.renamed",
        noun: "service",
        read: None,
        meaning: "A service got another name.",
    },
];
