//! What a message says.

use journal::Event;
use serde::Serialize;
use utoipa::ToSchema;

/// Something changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Message<'a> {
    /// The id of the event; also the `id` of the message, to resume from.
    id: String,
    /// What happened; also the `event` of the message.
    #[serde(rename = "type")]
    kind: &'a str,
    /// The id of the thing it happened to.
    subject: &'a str,
    /// The version that the thing has since, where it has versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl<'a> From<&'a Event> for Message<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            id: event.id.to_string(),
            kind: &event.kind,
            subject: &event.subject,
            version: event.version(),
        }
    }
}
