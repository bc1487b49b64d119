//! An event: before it is written, as it is read, and what its kind is declared to be. Pure.

use serde::Serialize;
use serde_json::Value;
use types::{ActorKind, Permission, Rights, Time, typed_id};
use utoipa::ToSchema;

typed_id!(
    /// An event of the journal.
    EventId,
    "evt"
);

/// Something that is about to have happened.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) payload: Value,
    pub(crate) source: Option<&'static str>,
}

impl NewEvent {
    /// `kind` is `noun.what_happened`; `subject` the public id of the thing.
    pub fn new(kind: &'static str, subject: impl Into<String>) -> Self {
        Self { kind, subject: subject.into(), payload: Value::Object(serde_json::Map::new()), source: None }
    }

    /// What a reader may learn of it. Never hidden fields or secrets. A member `version` is the new version of the
    /// thing, and the only member that live messages carry.
    #[must_use]
    pub fn with(mut self, payload: Value) -> Self {
        self.payload = payload;
        self
    }

    /// Where it came from, when that is neither the API nor Mainstay itself: `import`, `mail`.
    #[must_use]
    pub fn from(mut self, source: &'static str) -> Self {
        self.source = Some(source);
        self
    }

    pub(crate) fn noun(&self) -> &'static str {
        self.kind.split('.').next().unwrap_or(self.kind)
    }
}

/// What a system declares of the events it writes.
#[derive(Clone, Copy, Debug)]
pub struct EventType {
    pub kind: &'static str,
    pub noun: &'static str,
    /// Who may read it in the feed; `None` is open to everybody who sees the workspace, anonymous callers included.
    pub read: Option<Permission>,
    pub meaning: &'static str,
}

/// The kinds that somebody with these rights may read; without rights, in a public workspace. A kind that no
/// system declares is read by nobody.
pub fn visible_kinds<'a>(
    types: impl IntoIterator<Item = &'a EventType>,
    rights: Option<&Rights>,
) -> Vec<&'static str> {
    let may = |event: &&EventType| match (event.read, rights) {
        (None, _) => true,
        (Some(permission), Some(rights)) => rights.hold(permission),
        (Some(_), None) => false,
    };
    types.into_iter().filter(may).map(|event| event.kind).collect()
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Event {
    #[schema(value_type = String)]
    pub id: EventId,
    /// What happened: `status_event.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the thing it happened to.
    pub subject: String,
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Time,
    /// Who did it; not told to anonymous callers.
    pub actor: Option<EventActor>,
    /// Where it came from: `api`, `system`, or the name of an import.
    pub source: String,
    /// The request that did it; not told to anonymous callers.
    pub request_id: Option<String>,
    /// The trace that the request belongs to; not told to anonymous callers.
    pub trace_id: Option<String>,
    /// What there is to know about it; depends on the type.
    #[schema(value_type = Object)]
    pub data: Value,
    #[serde(skip)]
    #[schema(ignore)]
    pub position: Position,
}

impl Event {
    /// The version that the thing has since.
    pub fn version(&self) -> Option<i64> {
        self.data.get("version")?.as_i64()
    }
}

/// Whoever did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventActor {
    #[schema(value_type = String)]
    pub kind: ActorKind,
    pub id: Option<String>,
    /// A name to show.
    pub label: String,
}

/// A place in the order of the journal. Only good inside: the epoch, the transaction and the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub(crate) epoch: i64,
    pub(crate) tx: i64,
    pub(crate) seq: i64,
}

impl Position {
    pub const BEGINNING: Self = Self { epoch: 0, tx: 0, seq: 0 };

    /// As a reader may keep it in three columns.
    pub const fn numbers(self) -> [i64; 3] {
        [self.epoch, self.tx, self.seq]
    }

    /// What was kept.
    pub const fn of([epoch, tx, seq]: [i64; 3]) -> Self {
        Self { epoch, tx, seq }
    }
}

/// From where the feed is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    Beginning,
    Event(EventId),
    Position(Position),
}

impl From<Option<EventId>> for Since {
    fn from(id: Option<EventId>) -> Self {
        id.map_or(Self::Beginning, Self::Event)
    }
}

impl From<Position> for Since {
    fn from(position: Position) -> Self {
        Self::Position(position)
    }
}

/// A part of the change feed.
#[derive(Clone, Debug)]
pub struct Feed {
    pub items: Vec<Event>,
    /// The last of them.
    pub last: Option<EventId>,
    /// Where to go on, also when there was nothing.
    pub position: Position,
}
