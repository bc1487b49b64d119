//! Runs a command with a private PostgreSQL beside it: `with-postgres cargo test --workspace`.
//!
//! The command finds its address in `MAINSTAY_TEST_POSTGRES`. The server is gone when the command has ended.

use std::process::{Command, ExitCode};

use peers::{Options, Postgres, SHARED};

#[allow(clippy::print_stderr, clippy::disallowed_macros, reason = "this is a command-line tool")]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-postgres COMMAND [ARGUMENT...]");
        return ExitCode::from(2);
    };
    let server = Postgres::start(Options { fsync: false });
    let status = Command::new(&program).args(arguments).env(SHARED, server.url("postgres")).status();
    drop(server);
    match status {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("with-postgres: {} does not start: {error}", program.display());
            ExitCode::from(127)
        }
    }
}
