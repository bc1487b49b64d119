//! What can go wrong below SQL, and what it means to those above.

use std::sync::Arc;

/// What the driver said. Shared, because the failure of one commit is the failure of every unit in it.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// A failure of the database, told apart as far as anybody can act on it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A unique rule stands against it. Ask with [`Error::is_unique_on`]: the engines name rules differently.
    #[error("unique rule {rule} is violated")]
    Unique { rule: String },
    /// Something pointed at is missing, or is still pointed at. SQLite does not say which rule.
    #[error("a reference points at nothing ({rule})")]
    Reference { rule: String },
    #[error("check {rule} is violated")]
    Check { rule: String },
    /// A column that must have a value got none: `table.column`.
    #[error("{column} must not be null")]
    Missing { column: String },
    #[error("there is no column {0}")]
    Column(String),
    #[error("column {column}: {source}")]
    Scalar { column: String, source: types::BadScalar },
    /// PostgreSQL cannot keep the character NUL in text, so neither engine is given one.
    #[error("text parameter ${0} holds a NUL character")]
    Nul(usize),
    #[error("the statement has {expected} parameters and was given {given}")]
    Parameters { expected: usize, given: usize },
    /// The unit went on after a statement of its transaction had failed.
    #[error("a statement of this transaction failed before")]
    Aborted,
    /// The unit waited for something that is not its transaction.
    #[error("the unit awaited something else than its transaction")]
    NotReady,
    #[error("the unit panicked: {0}")]
    Panicked(String),
    /// The disk is full.
    #[error("no space is left for the database")]
    NoSpace(#[source] Cause),
    /// More units wait than may.
    #[error("too many units are waiting")]
    Overloaded,
    #[error("the deadline passed")]
    Deadline,
    /// It stood in the way of others until the attempts were used up.
    #[error("gave way to others {attempts} times")]
    Busy { attempts: u32 },
    /// The connection was lost while the commit was on its way: it may or may not have happened.
    #[error("the connection was lost during the commit: its outcome is unknown")]
    OutcomeUnknown,
    /// The disk failed the commit: a power cut decides whether it happened.
    #[error("the disk failed the commit: its outcome is unknown")]
    CommitFailed(#[source] Cause),
    /// Nothing is written before the WAL could be begun anew after a failure of the disk.
    #[error("the disk failed, and the database takes no writes until it works again")]
    Doubtful,
    #[error("the database cannot be reached")]
    Unavailable(#[source] Cause),
    /// The database is being closed.
    #[error("the database is closed")]
    Closed,
    /// A newer Mainstay has been here.
    #[error(
        "the database was migrated by a newer version: {system} has step {number}, which this version does not \
         know. Start the newer version, or restore a backup made before it"
    )]
    Newer { system: String, number: i64 },
    /// A step that was applied does not read as it did then.
    #[error(
        "the text of migration {system} {name} changed after it was applied: restore its text and add a new step"
    )]
    Changed { system: String, name: String },
    /// A step was added before ones that were applied already.
    #[error(
        "migration {system} {name} comes before a step that was applied already: give it a higher number"
    )]
    OutOfOrder { system: String, name: String },
    #[error("migration {system} {name} failed")]
    Migration { system: String, name: String, source: Box<Self> },
    #[error("{0}")]
    Options(String),
    /// A statement that the engine refused: our mistake.
    #[error("a statement failed")]
    Statement(#[source] Cause),
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether it is the unique rule on these columns, on either engine. Name the rule `<table>_<columns joined by _>`, and the
    /// index alike: `CREATE UNIQUE INDEX services_workspace_slug ON services (workspace, slug)`. A primary key is `<table>_pkey`.
    /// PostgreSQL cuts names at 63 bytes, so keep them shorter.
    pub fn is_unique_on(&self, name: &str) -> bool {
        match self {
            // `_key` is what PostgreSQL adds to a UNIQUE written inside a table.
            Self::Unique { rule } => rule == name || rule.strip_suffix("_key") == Some(name),
            _ => false,
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        use types::Kind;
        match &error {
            Error::Unique { .. } => Self::conflict("already_exists", "There is already one like this."),
            Error::Reference { .. } => Self::conflict(
                "reference_violated",
                "Something that this points at is missing, or something still points at this.",
            ),
            Error::Check { .. } => Self::invalid("rule_violated", "A rule of the data stands against this."),
            Error::Nul(_) => Self::invalid("control_character", "Text must not hold a NUL character."),
            Error::NoSpace(_) => {
                Self::new(Kind::NoSpace, "no_space", "There is no room left to store this.").retry_after(10)
            }
            Error::Overloaded => {
                Self::unavailable("overloaded", "Too much is waiting to be written.").retry_after(1)
            }
            Error::Deadline => Self::unavailable("deadline", "The database did not get to this in time.").retry_after(1),
            Error::Busy { .. } => {
                Self::unavailable("busy", "Others kept changing the same things.").retry_after(1)
            }
            Error::OutcomeUnknown | Error::CommitFailed(_) => Self::unavailable(
                "outcome_unknown",
                "The database failed or was lost during the commit, so it is unknown whether this was done. Send it \
                 again with the same Idempotency-Key: the answer tells.",
            )
            .retry_after(1),
            Error::Unavailable(_) | Error::Doubtful | Error::Closed => {
                Self::unavailable("database_unavailable", "The database cannot be reached.").retry_after(2)
            }
            _ => return Self::internal(error),
        }
        .because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_stays_within_reach() {
        let error = types::Error::from(Error::Unique { rule: "services_slug".into() });
        assert_eq!((error.kind(), error.code()), (types::Kind::Conflict, "already_exists"));
        assert!(error.cause::<Error>().is_some_and(|cause| cause.is_unique_on("services_slug")));
        let error = types::Error::from(Error::NotReady);
        assert!(matches!(error.cause::<Error>(), Some(Error::NotReady)));
    }

    #[test]
    fn both_names_of_a_unique_rule_are_one() {
        for rule in ["services_workspace_slug", "services_workspace_slug_key"] {
            assert!(Error::Unique { rule: rule.into() }.is_unique_on("services_workspace_slug"));
        }
        assert!(!Error::Unique { rule: "services_slug".into() }.is_unique_on("services"));
        assert!(!Error::Check { rule: "services_slug".into() }.is_unique_on("services_slug"));
    }
}
