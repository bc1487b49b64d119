//! The tables of each crate, step by step.

/// One step, in both dialects.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// `0001_services`: the number, then what it does.
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// All steps of one crate, in order.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    pub system: &'static str,
    pub steps: &'static [Migration],
}

/// `migration!("0001_services")` for one text that serves both engines (written in SQLite's words: on PostgreSQL
/// `TEXT` becomes `TEXT COLLATE "C"` and `BLOB` becomes `BYTEA`); `migration!("0002_log", by engine)` for
/// `0002_log.sqlite.sql` and `0002_log.postgres.sql`. Files stand in `migrations/` beside the source file.
#[macro_export]
macro_rules! migration {
    ($name:literal) => {
        $crate::Migration {
            name: $name,
            sqlite: include_str!(concat!("migrations/", $name, ".sql")),
            postgres: include_str!(concat!("migrations/", $name, ".sql")),
        }
    };
    ($name:literal, by engine) => {
        $crate::Migration {
            name: $name,
            sqlite: include_str!(concat!("migrations/", $name, ".sqlite.sql")),
            postgres: include_str!(concat!("migrations/", $name, ".postgres.sql")),
        }
    };
}
