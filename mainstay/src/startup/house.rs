//! The stages between the database and the listener: shared state, the journal, the systems, their upkeep, the control
//! socket, and a last look at everything.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tasks::stages::{Failure, Undo};
use web::{App, Extensions, Faults, Keys, Parts};

use super::database::{cause, failed};
use super::{House, faults, options};
use crate::cli::Exit;

/// How many windows of the limiter are remembered.
const COUNTERS: usize = 200_000;

pub(super) fn cache(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let counters = match options::limits(house.settings(), house.secret()) {
            None => cache::Counters::in_memory(COUNTERS),
            Some(shared) => cache::Counters::in_redis(&shared, COUNTERS, &house.tasks)
                .await
                .map_err(|error| Failure::new(format!("cache.url: {error}")).exit(Exit::Config as u8))?,
        };
        faults::plant_into(&counters);
        house.counters = Some(counters);
        Ok(end_tasks(house))
    })
}

/// Connects to nobody: what is there to reach is known when somebody asks.
pub(super) fn outbound(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let outbound = outbound::Outbound::new(house.settings(), types::Clock::system())
            .map_err(|error| Failure::new(error).exit(Exit::Config as u8))?;
        house.outbound = Some(outbound);
        Ok(Undo::nothing())
    })
}

/// What was changed while the server ran. What a newer version took away, or what does not fit any more, is passed over.
pub(super) fn runtime_settings(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let mistakes = settings::adopt(house.db(), house.settings()).await.map_err(|error| failed(&error))?;
        for mistake in mistakes {
            tracing::warn!(%mistake, "a setting kept in the database is passed over");
        }
        Ok(Undo::nothing())
    })
}

pub(super) fn journal(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        house.journal = Some(journal::Journal::start(house.db(), &house.tasks));
        // Its tasks end with the others; without the stage `systems` they still have to.
        Ok(end_tasks(house))
    })
}

pub(super) fn systems(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let parts = Parts {
            db: house.db().clone(),
            settings: house.settings().clone(),
            tasks: house.tasks.clone(),
            journal: house.journal.clone().expect("the graph runs `journal` first"),
            counters: house.counters.clone().expect("the graph runs `cache` first"),
            outbound: house.outbound.clone().expect("the graph runs `outbound` first"),
            keys: Keys::new(house.secret()),
            authenticate: None,
            directory: None,
            extensions: Extensions::default(),
            faults: Faults::default(),
            systems: crate::systems::all(),
        };
        let app = App::new(parts).map_err(|error| failed(&error))?;
        if let Some(door) = house.door.as_ref().filter(|_| faults::planted(faults::OPEN_EARLY)) {
            door.edge.swap(app.router());
        }
        house.app = Some(app);
        Ok(end_tasks(house))
    })
}

/// What comes back at intervals, and what follows changes of the settings.
pub(super) fn upkeep(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let app = house.app().clone();
        for one in app.systems().iter().flat_map(|system| system.upkeep) {
            let (app, run) = (app.clone(), one.run);
            house.tasks.every(one.name, one.every, true, move || run(app.clone())).detach();
        }
        let telemetry = house.telemetry.clone().expect("the graph runs `telemetry` first");
        let metrics = telemetry.metrics.clone();
        let fold = move || {
            metrics.upkeep();
            std::future::ready(Ok::<(), types::Error>(()))
        };
        house.tasks.every("metrics", Duration::from_secs(5), false, fold).detach();
        follow_settings(house, telemetry.logs);
        Ok(end_tasks(house))
    })
}

/// Puts run-time settings into effect where they are not simply read.
fn follow_settings(house: &House, logs: telemetry::logs::Logs) {
    let (settings, stopping) = (house.settings().clone(), house.tasks.stopping());
    let Some(door) = house.door.clone() else { return };
    let fixed = house.wanted.verbosity.is_some();
    let follow = async move {
        let mut changes = settings.changes();
        loop {
            tokio::select! {
                () = stopping.stopped() => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
            let base = crate::orders::base_url(&settings, Some(door.address));
            match options::edge(&settings, base) {
                Ok(options) => door.edge.set_options(options),
                Err(error) => tracing::error!(%error, "routes.aliases could not be followed"),
            }
            let level = &settings.get::<config::sections::Log>().level;
            if !fixed && let Err(error) = logs.set_filter(level) {
                tracing::error!(%error, "log.level could not be followed");
            }
        }
    };
    house.tasks.spawn("settings", follow).detach();
}

/// Orders of commands that run beside this process.
pub(super) fn control(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let (app, listening) = (house.app().clone(), house.listening());
        let handler: crate::control::Handler = Arc::new(move |order| {
            let app = app.clone();
            Box::pin(async move {
                let base = crate::orders::base_url(app.settings(), listening);
                crate::orders::perform(&app, &base, order).await
            })
        });
        let open = crate::control::open(house.folder(), &house.tasks, handler).map_err(|error| {
            Failure::new(format!("the control socket can not be opened: {error}"))
                .next_step("The data folder must be on a disk that can hold sockets. Put it on a local one.")
                .exit(Exit::Permission as u8)
        })?;
        Ok(Undo::new(async move {
            open.close();
            Ok(())
        }))
    })
}

/// Everything once more, together, before anything else than the probes is answered.
pub(super) fn final_check(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let db = house.db();
        db.check().await.map_err(|error| {
            Failure::new(format!("the database does not answer any more: {}", cause(&error)))
                .exit(Exit::Unreachable as u8)
        })?;
        let steps =
            db.migration_status(&crate::systems::migrations()).await.map_err(|error| failed(&error))?;
        if let Some(step) = steps.iter().find(|step| step.applied_at.is_none()) {
            return Err(Failure::new(format!("the migration {} {} is missing", step.system, step.name)));
        }
        if house.tasks.stopping().is_stopping() {
            return Err(Failure::new("the background tasks were stopped"));
        }
        Ok(Undo::nothing())
    })
}

/// Background tasks have two seconds; what still runs then is named and cut.
fn end_tasks(house: &House) -> Undo {
    let tasks = house.tasks.clone();
    Undo::new(async move {
        let left = tasks.shutdown(Duration::from_secs(2)).await;
        if left.is_empty() { Ok(()) } else { Err(format!("these tasks were cut: {}", left.join(", "))) }
    })
}
