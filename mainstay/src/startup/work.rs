//! The stage `queue`: from here on jobs run, and schedules ask for them.

use std::time::Duration;

use config::Settings;
use config::sections::{Jobs, Server};
use futures_util::future::BoxFuture;
use queue::{Options, Queue};
use tasks::stages::{Failure, Undo};

use super::database::failed;
use super::{House, Purpose};
use crate::cli::Exit;

/// Between the end of the grace and the moment when the last jobs have been given back.
const GIVING_BACK: Duration = Duration::from_secs(2);

/// How long jobs may go on in a stop: all of it has to fit into `server.drain`.
pub(super) fn grace(settings: &Settings) -> Duration {
    settings.get::<Jobs>().grace.min(settings.get::<Server>().drain / 3)
}

pub(super) fn queue(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let app = house.app().clone();
        let kinds = web::jobs(app.systems()).map_err(|error| failed(&error))?;
        let schedules: Vec<_> =
            app.systems().iter().flat_map(|system| system.schedules.iter().cloned()).collect();
        let grace = grace(house.settings());
        let wanted = house.wanted.purpose != Purpose::Serve;
        let options =
            Options { work: wanted || house.settings().get::<Jobs>().work, grace, ..Options::default() };
        let group = house.jobs.clone();
        let queue = Queue::start(app.db(), &group, kinds, app.clone(), options)
            .await
            .map_err(|error| failed(&error).exit(Exit::Unreachable as u8))?;
        queue.schedule(schedules).map_err(|error| failed(&error))?;
        Ok(Undo::new(async move {
            let left = group.shutdown(grace + GIVING_BACK).await;
            if left.is_empty() { Ok(()) } else { Err(format!("these were cut: {}", left.join(", "))) }
        })
        .within(grace + GIVING_BACK + Duration::from_secs(1)))
    })
}
