//! The behaviour of the database, on both engines and on each.

#![allow(clippy::unwrap_used, clippy::doc_markdown)]

mod both;
mod migrations;
mod place;
mod postgres;
mod proxy;
mod served;
mod sqlite;
