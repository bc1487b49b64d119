//! Which steps are still to be taken, and whether they may be. Knows no engine.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use types::Time;

use crate::error::{Error, Result};
use crate::{Engine, Migrations, sql};

/// Where the history of the schema is kept, in words of both engines.
pub(crate) const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_history (\
     system TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, \
     applied_at BIGINT NOT NULL, PRIMARY KEY (system, number))";

/// A step of a crate's migrations, and when it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub system: String,
    pub number: i64,
    pub name: String,
    /// None while it is still to be taken.
    pub applied_at: Option<Time>,
}

/// A step as it will be run.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) system: &'static str,
    pub(crate) number: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: String,
    pub(crate) checksum: String,
}

/// A step as the history has it.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) system: String,
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) checksum: String,
    pub(crate) at: Time,
}

impl Step {
    pub(crate) fn applied(&self, at: Option<Time>) -> Status {
        Status { system: self.system.into(), number: self.number, name: self.name.into(), applied_at: at }
    }

    pub(crate) fn failed(&self, error: Error) -> Error {
        Error::Migration { system: self.system.into(), name: self.name.into(), source: Box::new(error) }
    }
}

/// Every step, in the order in which they are taken.
pub(crate) fn steps(engine: Engine, all: &[Migrations]) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for migrations in all {
        let mut last = 0;
        for step in migrations.steps {
            let number = step.name.split('_').next().and_then(|number| number.parse::<i64>().ok());
            let Some(number) = number.filter(|number| *number > last) else {
                return Err(Error::Options(format!(
                    "migration {} {}: names start with a number above the last one's, like 0001_services",
                    migrations.system, step.name
                )));
            };
            last = number;
            let text = match engine {
                Engine::Sqlite => step.sqlite,
                Engine::Postgres => step.postgres,
            };
            steps.push(Step {
                system: migrations.system,
                number,
                name: step.name,
                // What was written for PostgreSQL alone is in its own words already.
                sql: match engine {
                    Engine::Postgres if step.sqlite == step.postgres => sql::for_postgres(text),
                    _ => text.to_owned(),
                },
                checksum: checksum(text),
            });
        }
    }
    Ok(steps)
}

/// Line ends are left out, so that a checkout on another system is the same text.
fn checksum(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.replace('\r', "").as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The steps that are not in the history, or why none may be taken.
pub(crate) fn missing<'s>(steps: &'s [Step], history: &[Applied]) -> Result<Vec<&'s Step>> {
    let known: HashMap<_, _> = steps.iter().map(|step| ((step.system, step.number), step)).collect();
    let systems: HashSet<_> = steps.iter().map(|step| step.system).collect();
    let mut last: HashMap<&str, i64> = HashMap::new();
    for applied in history {
        match known.get(&(applied.system.as_str(), applied.number)) {
            Some(step) if step.checksum == applied.checksum => {}
            Some(step) => return Err(Error::Changed { system: step.system.into(), name: step.name.into() }),
            None if systems.contains(applied.system.as_str()) => {
                return Err(Error::Newer { system: applied.system.clone(), number: applied.number });
            }
            None => {
                tracing::warn!(
                    system = applied.system,
                    name = applied.name,
                    "tables of a system that is not built in"
                );
            }
        }
        let last = last.entry(&applied.system).or_default();
        *last = applied.number.max(*last);
    }
    let taken: HashSet<_> = history.iter().map(|applied| (applied.system.as_str(), applied.number)).collect();
    let missing: Vec<_> = steps.iter().filter(|step| !taken.contains(&(step.system, step.number))).collect();
    match missing.iter().find(|step| last.get(step.system).is_some_and(|last| step.number < *last)) {
        Some(step) => Err(Error::OutOfOrder { system: step.system.into(), name: step.name.into() }),
        None => Ok(missing),
    }
}

/// Every step with the time it was taken; steps that only the history knows come last.
pub(crate) fn status(steps: &[Step], history: &[Applied]) -> Vec<Status> {
    let at = |step: &Step| {
        history
            .iter()
            .find(|applied| applied.system == step.system && applied.number == step.number)
            .map(|a| a.at)
    };
    let unknown = history.iter().filter(|applied| {
        !steps.iter().any(|step| step.system == applied.system && step.number == applied.number)
    });
    let unknown = unknown.map(|applied| Status {
        system: applied.system.clone(),
        number: applied.number,
        name: applied.name.clone(),
        applied_at: Some(applied.at),
    });
    steps.iter().map(|step| step.applied(at(step))).chain(unknown).collect()
}
