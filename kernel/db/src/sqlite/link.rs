//! A statement on a connection: parameters in, rows out.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};
use types::Scalar;

use super::error;
use crate::Row;
use crate::error::{Error, Result};

struct Param<'a>(&'a Scalar);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Scalar::Null => ValueRef::Null,
            Scalar::Int(value) => ValueRef::Integer(*value),
            Scalar::Real(value) => ValueRef::Real(*value),
            Scalar::Text(value) => ValueRef::Text(value.as_bytes()),
            Scalar::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn scalar(value: ValueRef<'_>) -> Scalar {
    match value {
        ValueRef::Null => Scalar::Null,
        ValueRef::Integer(value) => Scalar::Int(value),
        ValueRef::Real(value) => Scalar::Real(value),
        ValueRef::Text(value) => Scalar::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Scalar::Bytes(value.to_vec()),
    }
}

fn prepared<'c>(connection: &'c Connection, text: &str, params: &[Scalar]) -> Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(text).map_err(error::from)?;
    let expected = statement.parameter_count();
    let wrong = || Error::Parameters { expected, given: params.len() };
    if expected != params.len() {
        return Err(wrong());
    }
    for at in 1..=expected {
        // SQLite takes `$7` for a name and counts names by their first appearance; here it is the seventh.
        let number =
            statement.parameter_name(at).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?)).ok_or_else(wrong)?;
        statement.raw_bind_parameter(at, Param(param)).map_err(error::from)?;
    }
    Ok(statement)
}

/// `touched` becomes true if the statement is one that may change something.
pub(crate) fn rows(
    connection: &Connection,
    text: &str,
    params: &[Scalar],
    touched: &mut bool,
) -> Result<Vec<Row>> {
    let mut statement = prepared(connection, text, params)?;
    *touched |= !statement.readonly();
    let mut names: Arc<[String]> = Arc::new([]);
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(error::from)? {
        // Not before the first step: that is when a statement that a migration made stale is prepared again.
        if found.is_empty() {
            names = row.as_ref().column_names().map(str::to_owned).collect();
        }
        let values = (0..names.len()).map(|at| row.get_ref(at).map(scalar)).collect::<Result<_, _>>();
        found.push(Row::new(Arc::clone(&names), values.map_err(error::from)?));
    }
    Ok(found)
}

pub(crate) fn execute(connection: &Connection, text: &str, params: &[Scalar]) -> Result<u64> {
    let mut statement = prepared(connection, text, params)?;
    let changed = statement.raw_execute().map_err(error::from)?;
    Ok(changed as u64)
}
