//! A row as it came back: columns by position or by name.

use std::sync::Arc;

use types::{FromScalar, Scalar};

use crate::Error;

#[derive(Clone, Debug)]
pub struct Row {
    names: Arc<[String]>,
    values: Vec<Scalar>,
}

/// How a column is named: its position or its name.
pub trait Column: std::fmt::Display {
    fn position(&self, names: &[String]) -> Option<usize>;
}

impl Column for usize {
    fn position(&self, names: &[String]) -> Option<usize> {
        (*self < names.len()).then_some(*self)
    }
}

impl Column for &str {
    fn position(&self, names: &[String]) -> Option<usize> {
        names.iter().position(|name| name == self)
    }
}

impl Row {
    pub fn new(names: Arc<[String]>, values: Vec<Scalar>) -> Self {
        Self { names, values }
    }

    /// Takes a column out of the row; a second take of the same column finds null.
    pub fn take<T: FromScalar>(&mut self, column: impl Column) -> Result<T, Error> {
        let at = column.position(&self.names).ok_or_else(|| Error::Column(column.to_string()))?;
        T::from_scalar(std::mem::replace(&mut self.values[at], Scalar::Null))
            .map_err(|source| Error::Scalar { column: self.names[at].clone(), source })
    }
}
