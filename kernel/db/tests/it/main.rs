//! The behaviour of the database, on both engines and on each.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests block threads and spawn tasks to stand in each other's way"
)]

mod both;
mod migrations;
mod place;
mod served;
mod sqlite;
