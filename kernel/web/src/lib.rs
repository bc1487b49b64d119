//! The request. Here only the edge: everything between a socket and the router.

pub mod edge;
pub mod problem;

pub use problem::{Problem, Result};
