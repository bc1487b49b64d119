//! What listeners hear of an event: that something changed and to which version, never to what.

use journal::{Event, EventId, Position};

/// Something changed.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) id: EventId,
    pub(crate) kind: String,
    /// The id of the thing it happened to.
    pub(crate) subject: String,
    pub(crate) version: Option<i64>,
    pub(crate) position: Position,
}

impl From<Event> for Change {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            version: event.version(),
            kind: event.kind,
            subject: event.subject,
            position: event.position,
        }
    }
}
