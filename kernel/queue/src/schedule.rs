//! Jobs that are asked for by the clock: each time once, however many processes look at it.
//!
//! Times are in UTC. What was missed while nobody ran is caught up by one job, not by one for each time.

use std::sync::Arc;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use types::{Error, Installation, Result, Time};

use crate::NewJob;
use crate::store::{jobs, schedules};
use crate::whose::{self, Whose};
use crate::worker::Shared;

/// The clock may be set while nobody looks.
const LONGEST: Duration = Duration::from_secs(30);
const A_DAY: Duration = Duration::from_hours(24);

/// A job of the installation that comes again and again.
#[derive(Clone)]
pub struct Schedule {
    /// It is known by it in the database, so it is not changed.
    pub name: &'static str,
    /// Five fields, or six with seconds first: `30 3 * * *` is each night at half past three in UTC.
    pub cron: &'static str,
    /// What is asked for; it is told the time that it is for.
    pub job: fn(Time) -> Result<NewJob>,
}

#[derive(Clone)]
pub(crate) struct Timed {
    schedule: Schedule,
    cron: Cron,
}

pub(crate) fn timed(schedule: Schedule) -> Result<Timed> {
    let unreadable = |error: croner::errors::CronError| {
        Error::internal(format!("the schedule {}: {error}", schedule.name))
    };
    let cron =
        CronParser::builder().seconds(Seconds::Optional).build().parse(schedule.cron).map_err(unreadable)?;
    let timed = Timed { schedule, cron };
    // One that can never run is a mistake, which is better known at the start.
    timed.after(Time::from_millis(0))?;
    Ok(timed)
}

impl Timed {
    fn after(&self, time: Time) -> Result<Time> {
        let from = Timestamp::from_millisecond(time.as_millis()).map_err(Error::internal)?;
        let from = from.to_zoned(TimeZone::UTC).datetime();
        let never = |error: croner::errors::CronError| {
            Error::internal(format!("the schedule {} never comes: {error}", self.schedule.name))
        };
        let next = self.cron.find_next_occurrence(&from, false).map_err(never)?;
        let next = next.to_zoned(TimeZone::UTC).map_err(Error::internal)?;
        Ok(Time::from_millis(next.timestamp().as_millisecond()))
    }
}

impl Timed {
    /// Whether the next time was reckoned by a clock that was far ahead. A clock that is set back by less than a day repeats
    /// nothing: then the schedule rests until it has come to where it was.
    fn is_astray(&self, next: Time, now: Time) -> Result<bool> {
        let second = self.after(self.after(now)?)?;
        Ok(next.since(second) > A_DAY)
    }
}

/// Asks for what is due until the house goes to sleep.
pub(crate) async fn follow(shared: Arc<Shared>, all: Vec<Timed>) {
    let stopping = shared.tasks.stopping();
    let all: Vec<Arc<Timed>> = all.into_iter().map(Arc::new).collect();
    while !stopping.is_stopping() {
        let mut pause = LONGEST;
        for one in &all {
            match turn(&shared, one).await {
                Ok(next) => pause = pause.min(next.since(shared.db.clock().now())),
                Err(error) => {
                    tracing::warn!(schedule = one.schedule.name, error = %error.detail(), "a schedule was not looked at");
                    pause = pause.min(shared.options.poll);
                }
            }
        }
        tokio::select! {
            () = stopping.stopped() => return,
            () = tokio::time::sleep(pause.max(Duration::from_millis(5))) => {}
        }
    }
}

/// Asks for the job if its time has come, and tells when it comes next.
async fn turn(shared: &Shared, one: &Arc<Timed>) -> Result<Time> {
    let known = shared.db.read(Arc::clone(one), |rx, one| Box::pin(schedules::next(rx, one.schedule.name)));
    let now = shared.db.clock().now();
    if let Some(next) = known.await?
        && next > now
        && shared.schedules_known(one.schedule.name)
        && !one.is_astray(next, now)?
    {
        return Ok(next);
    }
    let args = (Arc::clone(one), whose::clockwork());
    let asked = shared.db.write(args, |tx, (one, by)| Box::pin(ask(tx, by, one)));
    let next = asked.await?;
    shared.know_schedule(one.schedule.name);
    Ok(next)
}

async fn ask(tx: &mut db::Tx, by: &Installation, one: &Timed) -> Result<Time> {
    let name = one.schedule.name;
    let next = one.after(tx.now())?;
    schedules::register(tx, by, name, one.schedule.cron, next).await?;
    let due = schedules::next(tx, name).await?.unwrap_or(next);
    if one.is_astray(due, tx.now())? {
        tracing::warn!(schedule = name, %due, %next, "the clock was ahead when this schedule was last asked for");
        schedules::set(tx, by, name, next).await?;
        return Ok(next);
    }
    if due > tx.now() {
        return Ok(due);
    }
    if schedules::advance(tx, by, name, due, next).await? {
        jobs::insert(tx, &Whose::Installation(by.clone()), (one.schedule.job)(due)?).await?;
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cron: &'static str) -> Result<Timed> {
        timed(Schedule { name: "test", cron, job: |_| Err(Error::not_found()) })
    }

    #[test]
    fn times_are_in_utc_and_never_the_same_again() {
        let nightly = of("30 3 * * *").unwrap();
        let first = nightly.after("2026-02-28T03:29:59.999Z".parse().unwrap()).unwrap();
        assert_eq!(first.to_string(), "2026-02-28T03:30:00.000Z");
        assert_eq!(nightly.after(first).unwrap().to_string(), "2026-03-01T03:30:00.000Z");
        assert_eq!(of("* * * * * *").unwrap().after(first).unwrap().since(first), Duration::from_secs(1));
    }

    #[test]
    fn what_cannot_be_read_or_never_comes_is_refused() {
        for wrong in ["", "often", "61 * * * *", "0 0 30 2 *"] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
