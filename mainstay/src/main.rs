//! The binary: command line, startup stages, the list of systems. No logic of its own.

mod cli;
mod control;
mod doctor;
mod folder;
mod notify;
mod orders;
mod startup;
mod systems;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Reads FAILPOINTS; kept until the process ends.
    #[cfg(feature = "faults")]
    let _faults = fail::FailScenario::setup();
    cli::run()
}
