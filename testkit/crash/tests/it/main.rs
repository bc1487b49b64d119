//! The promises that a kill must not break, on both engines.

#![allow(clippy::disallowed_methods, reason = "a test steers processes and their time")]

/// Makes two tests of one: on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$meta:meta])* fn $name:ident($engine:ident: Engine) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            fn run($engine: crash::Engine) $body

            #[test]
            fn sqlite() {
                run(crash::Engine::Sqlite);
            }

            #[test]
            fn postgres() {
                run(crash::Engine::Postgres);
            }
        }
    )+ };
}

mod p1;
mod p2;
mod p4;
mod p8;
