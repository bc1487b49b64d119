//! The command line: what can be typed, and which code each command ends with.
//!
//! Owns flags, words and exit codes. Results go to standard output, everything else to standard error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the command line is where printing belongs")]

mod admin;
mod banner;
mod config;
mod doctor;
mod exit;
mod fail;
mod health;
mod init;
mod jobs;
mod key;
mod mail;
mod migrate;
mod openapi;
mod order;
mod out;
mod reference;
mod serve;
mod session;
mod shell;
mod signals;
#[cfg(test)]
mod tests;
mod user;
mod version;
mod words;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

pub(crate) use exit::Exit;
pub(crate) use fail::Failed;
use out::{ColorWhen, Out};
pub(crate) use version::VERSION;

/// The backend a small organisation stands on, in one binary.
#[derive(Debug, Parser)]
#[command(
    name = "mainstay",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 not found, 5 conflict, 6 not allowed, \
                  7 in use, 8 unreachable, 9 partial, 10 warnings (doctor --strict), 11 failures (doctor), \
                  130 interrupted."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
struct Global {
    /// The settings file. Without it, and without MAINSTAY_CONFIG, mainstay.toml in the data folder if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Development: the interactive reference at /docs, readable logs, no demands on secrets.
    #[arg(long, global = true)]
    dev: bool,
    /// Print the result as one JSON object.
    #[arg(long, global = true)]
    json: bool,
    /// Say less: once for no progress, the result stays.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// Colours on standard error.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorWhen,
    #[arg(long, env = "NO_COLOR", hide = true, hide_env = true, global = true)]
    no_color: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    /// Run jobs beside a server, on PostgreSQL.
    Worker(worker::Worker),
    /// Make the data folder, its keys and a settings file, and print the setup link.
    Init(init::Init),
    /// Print a link that makes the first administrator.
    SetupLink(admin::SetupLink),
    /// Administrators.
    Admin {
        #[command(subcommand)]
        command: admin::Admin,
    },
    /// The settings, where each comes from and what it means.
    Config {
        #[command(subcommand)]
        command: config::Config,
    },
    /// The tables of the database.
    Migrate {
        #[command(subcommand)]
        command: migrate::Migrate,
    },
    /// People: who has an account, and who may sign in.
    User {
        #[command(subcommand)]
        command: user::User,
    },
    /// Watch and steer jobs and queues.
    Jobs {
        #[command(subcommand)]
        command: jobs::Jobs,
    },
    /// API keys, and the keys that sign access tokens.
    Key {
        #[command(subcommand)]
        command: key::Key,
    },
    /// Who is signed in where.
    Session {
        #[command(subcommand)]
        command: session::Session,
    },
    /// Mail.
    Mail {
        #[command(subcommand)]
        command: mail::Mail,
    },
    /// Look for what is wrong with this installation.
    Doctor(doctor::Doctor),
    /// Print the OpenAPI document.
    Openapi,
    /// Print a page of the guide that is made from the code.
    #[command(hide = true)]
    Reference(reference::Reference),
    /// Print the version.
    Version,
    /// Print completions for a shell.
    Completion(shell::Completion),
    /// Write the man pages into a folder.
    Man(shell::Man),
    /// Ask a running server whether it is ready (for containers).
    Healthcheck(health::Healthcheck),
}

/// Reads the command line, does what it says, and gives the code to end with.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, with code 0.
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            let _ = error.print();
            return code.into();
        }
    };
    let out = Out::new(&cli.global);
    match perform(cli, &out) {
        Ok(exit) => exit.into(),
        Err(failed) => {
            out.failed(&failed);
            failed.exit.into()
        }
    }
}

fn perform(cli: Cli, out: &Out) -> Result<Exit, Failed> {
    let global = cli.global;
    match cli.command {
        Command::Serve(args) => serve::run(&args, &global, out),
        Command::Worker(args) => worker::run(&args, &global, out),
        Command::Init(args) => init::run(&args, &global, out),
        Command::SetupLink(args) => admin::setup_link(&args, &global, out),
        Command::Admin { command } => admin::run(command, &global, out),
        Command::Config { command } => config::run(&command, &global, out),
        Command::Migrate { command } => migrate::run(&command, &global, out),
        Command::User { command } => user::run(command, &global, out),
        Command::Jobs { command } => jobs::run(command, &global, out),
        Command::Key { command } => key::run(command, &global, out),
        Command::Session { command } => session::run(command, &global, out),
        Command::Mail { command } => mail::run(command, &global, out),
        Command::Doctor(args) => doctor::run(&args, &global, out),
        Command::Openapi => openapi::run(out),
        Command::Reference(args) => reference::run(&args, out),
        Command::Version => Ok(version::run(out)),
        Command::Completion(args) => shell::completion(&args, out),
        Command::Man(args) => shell::man(&args, out),
        Command::Healthcheck(args) => health::run(&args, &global, out),
    }
}

/// The whole command line as data, for completions, man pages and the test of the guide.
fn command() -> clap::Command {
    Cli::command()
}
