//! `mainstay serve`: runs the stages, says where it is reached, waits for the end.

use std::ffi::OsString;
use std::time::Duration;

use config::Flag;
use tasks::TaskGroup;

use super::{Exit, Failed, Global, Out, banner, signals};
use crate::notify::Supervisor;
use crate::startup::{self, House, Purpose, Wanted};

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[arg(long, env = "NOTIFY_SOCKET", hide = true, hide_env = true)]
    notify_socket: Option<OsString>,
    #[arg(long, env = "WATCHDOG_USEC", hide = true, hide_env = true)]
    watchdog_usec: Option<String>,
}

pub(crate) fn run(args: &Serve, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let mut flags = flags(global);
    if let Some(listen) = &args.listen {
        flags.push(Flag::new("server.listen", listen, "--listen"));
    }
    let watchdog = args.watchdog_usec.as_deref().and_then(|usec| usec.parse().ok());
    let supervisor = Supervisor::new(args.notify_socket.clone(), watchdog);
    let wanted = wanted(Purpose::Serve, flags, global, out);
    stay(wanted, supervisor, out)
}

/// Runs the stages, and waits for the end.
pub(crate) fn stay(wanted: Wanted, supervisor: Supervisor, out: &Out) -> Result<Exit, Failed> {
    let runtime = runtime()?;
    let ended = runtime.block_on(up(wanted, supervisor, out));
    // A job that never waits still has its thread; the end of the process does not wait for it.
    runtime.shutdown_background();
    ended
}

async fn up(wanted: Wanted, supervisor: Supervisor, out: &Out) -> Result<Exit, Failed> {
    let life = TaskGroup::new();
    signals::listen(&life).map_err(types::Error::internal)?;
    let purpose = wanted.purpose;
    let mut house = House::new(wanted);
    let graph = startup::graph(purpose).map_err(types::Error::internal)?;
    let observer = house.observer();
    supervisor.status("starting");
    let started = graph.start(&mut house, &life.stopping(), &observer).await?;
    supervisor.ready();
    supervisor.status("serving");
    if let Some(beat) = supervisor.beat() {
        let supervisor = supervisor.clone();
        let alive = move || {
            supervisor.alive();
            std::future::ready(Ok::<(), types::Error>(()))
        };
        life.every("watchdog", beat, false, alive).detach();
    }
    banner::show(&house, out).await;
    life.stopping().stopped().await;
    supervisor.stopping();
    let problems = started.stop(&observer).await;
    tracing::info!("stopped");
    if let Some(telemetry) = &house.telemetry {
        telemetry.logs.queue().flush(Duration::from_secs(1));
    }
    Ok(if problems.is_empty() { Exit::Ok } else { Exit::Failed })
}

/// Wakes the house for one command, without a listener, and lets it go again.
pub(crate) async fn awake<T, F>(wanted: Wanted, work: F) -> Result<T, Failed>
where
    F: AsyncFnOnce(&House) -> Result<T, Failed>,
{
    let life = TaskGroup::new();
    signals::listen(&life).map_err(types::Error::internal)?;
    let mut house = House::new(wanted);
    let graph = startup::graph(Purpose::Command).map_err(types::Error::internal)?;
    let observer = house.observer();
    let started = graph.start(&mut house, &life.stopping(), &observer).await?;
    let done = work(&house).await;
    started.stop(&observer).await;
    done
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("worker")
        .build()
        .map_err(|error| types::Error::internal(error).into())
}

/// What the flags of every command say about settings.
pub(crate) fn flags(global: &Global) -> Vec<Flag> {
    let mut flags = Vec::new();
    if let Some(data) = &global.data {
        flags.push(Flag::new("data", data.to_string_lossy(), "--data"));
    }
    if global.dev {
        flags.push(Flag::new("mode", "development", "--dev"));
    }
    flags
}

pub(crate) fn wanted(purpose: Purpose, flags: Vec<Flag>, global: &Global, out: &Out) -> Wanted {
    let verbosity = match (global.quiet, global.verbose) {
        (true, _) => Some("error"),
        (_, 0) => None,
        (_, 1) => Some("debug"),
        _ => Some("trace"),
    };
    Wanted { purpose, config: global.config.clone(), flags, verbosity, color: out.color }
}
