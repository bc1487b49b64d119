//! `mainstay worker`: a process that only runs jobs.

use std::net::SocketAddr;

use config::Flag;
use config::sections::{Database, Server};

use super::{Exit, Failed, Global, Out, serve};
use crate::startup::{Purpose, load_settings};

#[derive(Debug, clap::Args)]
pub(crate) struct Worker {
    /// Answer /health, /ready and /metrics here. Without it nothing listens.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(crate) fn run(args: &Worker, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let mut flags = serve::flags(global);
    if let Some(listen) = args.listen {
        flags.push(Flag::new("server.listen", listen.to_string(), "--listen"));
    }
    let settings = load_settings(global.config.clone(), flags.clone()).map_err(super::config::failed)?;
    if settings.get::<Database>().is_sqlite() {
        return Err(Failed::new(
            Exit::Conflict,
            "worker_needs_postgres",
            "a worker shares the database with the server, and SQLite belongs to one process",
            "Nothing is missing: on SQLite `mainstay serve` runs the jobs itself. For workers, set database.url to a \
             PostgreSQL server.",
        ));
    }
    if settings.get::<Server>().secret.is_empty() {
        return Err(Failed::new(
            Exit::Config,
            "worker_needs_secret",
            "a worker needs the secret of the installation, and server.secret is not set",
            "Set server.secret to the same text for the server and all workers; a server that made its own keeps it in \
             secret.key in its data folder.",
        ));
    }
    let wanted = serve::wanted(Purpose::Worker { door: args.listen.is_some() }, flags, global, out);
    serve::stay(wanted, crate::notify::Supervisor::new(None, None), out)
}
