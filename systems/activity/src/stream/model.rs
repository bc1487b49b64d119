//! What a message says.

use serde::Serialize;
use utoipa::ToSchema;

use crate::followers::Change;

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

impl<'a> From<&'a Change> for Message<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            id: change.id.to_string(),
            kind: &change.kind,
            subject: &change.subject,
            version: change.version,
        }
    }
}
