//! Scalars as PostgreSQL's types. An integer takes the width that the other side asks for.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use types::Scalar;

type Outcome<T> = Result<T, Box<dyn Error + Sync + Send>>;

#[derive(Debug)]
pub(super) struct Param<'a>(pub(super) &'a Scalar);

impl ToSql for Param<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
        match self.0 {
            Scalar::Null => return Ok(IsNull::Yes),
            Scalar::Int(value) => match *wanted {
                Type::INT8 | Type::XID8 => value.to_sql(wanted, out)?,
                Type::INT4 => i32::try_from(*value)?.to_sql(wanted, out)?,
                Type::INT2 => i16::try_from(*value)?.to_sql(wanted, out)?,
                Type::BOOL => (*value != 0).to_sql(wanted, out)?,
                #[expect(clippy::cast_precision_loss, reason = "SQLite does the same")]
                Type::FLOAT8 => (*value as f64).to_sql(wanted, out)?,
                _ => return mismatch(self.0, wanted),
            },
            Scalar::Real(value) => match *wanted {
                Type::FLOAT8 => value.to_sql(wanted, out)?,
                #[expect(clippy::cast_possible_truncation, reason = "the column was declared so")]
                Type::FLOAT4 => (*value as f32).to_sql(wanted, out)?,
                _ => return mismatch(self.0, wanted),
            },
            Scalar::Text(value) => match *wanted {
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON => {
                    value.as_str().to_sql(wanted, out)?
                }
                _ => return mismatch(self.0, wanted),
            },
            Scalar::Bytes(value) => match *wanted {
                Type::BYTEA => value.as_slice().to_sql(wanted, out)?,
                _ => return mismatch(self.0, wanted),
            },
        };
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, wanted: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
        self.to_sql(wanted, out)
    }
}

fn mismatch(value: &Scalar, wanted: &Type) -> Outcome<IsNull> {
    Err(format!("the statement wants {wanted} and was given {}", value.kind()).into())
}

pub(super) struct Cell(pub(super) Scalar);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Outcome<Self> {
        Ok(Self(match *found {
            Type::INT8 | Type::XID8 => Scalar::Int(i64::from_sql(found, raw)?),
            Type::INT4 => Scalar::Int(i32::from_sql(found, raw)?.into()),
            Type::INT2 => Scalar::Int(i16::from_sql(found, raw)?.into()),
            Type::OID => Scalar::Int(u32::from_sql(found, raw)?.into()),
            Type::BOOL => Scalar::Int(bool::from_sql(found, raw)?.into()),
            Type::FLOAT8 => Scalar::Real(f64::from_sql(found, raw)?),
            Type::FLOAT4 => Scalar::Real(f32::from_sql(found, raw)?.into()),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON => {
                Scalar::Text(String::from_sql(found, raw)?)
            }
            Type::BYTEA => Scalar::Bytes(raw.to_vec()),
            // What pg_notify and the advisory locks answer.
            Type::VOID => Scalar::Null,
            _ => return Err(format!("a column of type {found}: cast it to BIGINT, TEXT or BYTEA").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Outcome<Self> {
        Ok(Self(Scalar::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
