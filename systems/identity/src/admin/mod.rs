//! What an operator at the machine does with people: from the command line, with or without a running server.
//!
//! Owns no table. Refuses to know HTTP and sessions.

mod ops;
mod ops_factors;
mod ops_people;

pub(crate) use ops::ALL_RIGHTS;
pub use ops::{Created, add, create, create_admin, set_status};
pub use ops_factors::{Reset, otp_off, otp_off_here};
pub use ops_people::{NewPerson, create_person, delete, disable, enable, list, reset_link, show};
