//! What can go wrong below SQL, and what it means to those above.

/// A failure of the database, told apart as far as anybody can act on it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique rule stands against it. `rule` names the index or the columns.
    #[error("unique rule {rule} is violated")]
    Unique { rule: String },
    #[error("a reference points at nothing ({rule})")]
    Reference { rule: String },
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown,
    #[error("there is no column {0}")]
    Column(String),
    #[error("column {column}: {source}")]
    Scalar { column: String, source: types::BadScalar },
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        Self::internal(error)
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
