//! The words every floor shares: ids, time, who is asking and where, and the one error.
//!
//! Owns no I/O and no state beyond a clock. Refuses to know engines, HTTP and every system.

mod actor;
mod clock;
mod error;
pub mod faults;
mod hex;
mod id;
mod permission;
mod scalar;
mod scope;

/// For the macros of this crate only.
#[doc(hidden)]
pub mod reexport {
    pub use serde;
}

pub use actor::{Actor, ActorKind, Origin, Trace};
pub use clock::{Clock, Time};
pub use error::{Error, FieldError, Kind, Problems, Result};
pub use hex::hex;
pub use id::{BadId, Id, PersonId, WorkspaceId};
pub use permission::{Permission, Rights};
pub use scalar::{BadScalar, FromScalar, Scalar};
pub use scope::{Installation, Scope};
