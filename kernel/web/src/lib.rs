//! The request: who is asking, one commit, one answer, one description of it all.
//!
//! Owns the gate, the commit with its kept replies, tags, problems, limits, the OpenAPI document and the edge.
//! Refuses to know any system: they come as values of [`System`].

mod access;
mod app;
mod body;
mod caller;
mod commit;
mod context;
pub mod edge;
mod etag;
mod faults;
mod gate;
mod idempotency_key;
mod in_flight;
mod kept;
mod keys;
mod limits;
mod merge;
mod openapi;
mod problem;
mod reply;
mod router;
mod system;
mod view;

pub use access::{Access, AccessTable, Rule, Tier};
pub use app::{App, Extensions, Parts};
pub use body::{Form, Json, Path, read_json};
pub use caller::{Authenticate, Caller, Credential};
pub use commit::{Change, Check, Commit};
pub use context::{Client, Ground};
pub use etag::Condition;
pub use faults::{Fault, Faults};
pub use idempotency_key::{Asked, Key, Owner, RawKey};
pub use keys::Keys;
pub use limits::network;
pub use merge::Field;
pub use problem::{Problem, Result, respond};
pub use reply::{Reply, Thing};
pub use system::{PermissionInfo, Realm, System, Upkeep};
pub use view::View;

/// What web itself keeps in the database.
pub const MIGRATIONS: db::Migrations = kept::MIGRATIONS;

/// What web itself cleans up.
pub const UPKEEP: &[Upkeep] = &[kept::UPKEEP];
