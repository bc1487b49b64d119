//! Tests of the whole house in one process: a fresh database on either engine, an app made of the systems a test
//! names, and people who may do different things.
//!
//! Refuses to know what is tested. Real servers come from `peers`.

mod actors;
mod app;
mod client;
mod database;
pub mod matrix;
mod snapshot;

pub use actors::Person;
pub use app::TestApp;
pub use client::{Answer, Ask, Client};
pub use database::TestDatabase;
pub use db::Engine;
pub use peers::{full, rounds, tell};
pub use snapshot::snapshot;

/// Makes two tests of one: on SQLite and on PostgreSQL.
///
/// ```text
/// testkit::on_both! {
///     async fn a_thing_is_kept(engine: Engine) { .. }
/// }
/// ```
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            async fn run($engine: $crate::Engine) $body

            #[test]
            fn sqlite() {
                $crate::block_on(run($crate::Engine::Sqlite));
            }

            #[test]
            fn postgres() {
                $crate::block_on(run($crate::Engine::Postgres));
            }
        }
    )+ };
}

/// Runs one test on a runtime of its own.
pub fn block_on<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test);
}

/// Whether a script asked for it: tests have no settings of their own.
#[allow(
    clippy::disallowed_methods,
    reason = "tests are steered by scripts, through MAINSTAY_TEST_ variables"
)]
fn asked(variable: &str, mode: &str) -> bool {
    std::env::var(variable).is_ok_and(|found| found == mode)
}
