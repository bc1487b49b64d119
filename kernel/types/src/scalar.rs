//! One value as both databases keep it, and the way there and back for the types of the house.

use std::sync::Arc;

use crate::{Id, Time};

/// What a column or a parameter may hold: whole numbers and times as 64 bits, ids as sixteen bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The column held something else than the code that reads it expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadScalar {
    pub expected: &'static str,
    pub found: &'static str,
}

impl std::fmt::Display for BadScalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for BadScalar {}

impl Scalar {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }

    /// The refusal of a reader that wanted something else.
    pub const fn wanted(&self, expected: &'static str) -> BadScalar {
        BadScalar { expected, found: self.kind() }
    }
}

/// Reads one column.
pub trait FromScalar: Sized {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar>;
}

impl FromScalar for Scalar {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
        Ok(scalar)
    }
}

impl<T: FromScalar> FromScalar for Option<T> {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
        if scalar == Scalar::Null { Ok(None) } else { T::from_scalar(scalar).map(Some) }
    }
}

impl<T: Into<Self>> From<Option<T>> for Scalar {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! scalar {
    ($type:ty, $variant:ident, $name:literal) => {
        impl From<$type> for Scalar {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
        impl FromScalar for $type {
            fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
                match scalar {
                    Scalar::$variant(value) => Ok(value),
                    other => Err(other.wanted($name)),
                }
            }
        }
    };
}

scalar!(i64, Int, "integer");
scalar!(f64, Real, "real");
scalar!(String, Text, "text");
scalar!(Vec<u8>, Bytes, "bytes");

impl From<&str> for Scalar {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&Arc<str>> for Scalar {
    fn from(value: &Arc<str>) -> Self {
        Self::Text(value.as_ref().to_owned())
    }
}

impl FromScalar for Arc<str> {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
        String::from_scalar(scalar).map(Self::from)
    }
}

impl From<&String> for Scalar {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&[u8]> for Scalar {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<u32> for Scalar {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl FromScalar for bool {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
        match scalar {
            Scalar::Int(value) => Ok(value != 0),
            other => Err(other.wanted("integer")),
        }
    }
}

impl From<Time> for Scalar {
    fn from(value: Time) -> Self {
        Self::Int(value.as_millis())
    }
}

impl FromScalar for Time {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
        i64::from_scalar(scalar).map(Self::from_millis)
    }
}

impl From<Id> for Scalar {
    fn from(value: Id) -> Self {
        Self::Bytes(value.as_bytes().to_vec())
    }
}

impl FromScalar for Id {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
        match scalar {
            Scalar::Bytes(bytes) => {
                bytes.try_into().map(Self::from_bytes).map_err(|_| Scalar::Null.wanted("sixteen bytes"))
            }
            other => Err(other.wanted("bytes")),
        }
    }
}
