//! The binary: command line, startup stages, the list of systems. No logic of its own.

mod cli;
mod control;
mod doctor;
mod files;
mod folder;
mod notify;
mod orders;
mod startup;
mod systems;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Whatever this process makes is its user's alone: the database, the log of it, sockets.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    files::raise();
    // Pages of 2 MiB cost an idle server some 15 MB and made nothing quicker; without them it is only bigger.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Reads FAILPOINTS; kept until the process ends.
    #[cfg(feature = "faults")]
    let _faults = fail::FailScenario::setup();
    #[cfg(feature = "faults")]
    startup::plant();
    cli::run()
}
