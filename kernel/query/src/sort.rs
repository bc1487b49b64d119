//! The order of a list: what a caller may name, and the columns behind it.

use types::Result;

use crate::params::refuse;

/// What a column holds, so that a cursor brings back a value of the right kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, a time or a flag.
    Int,
    Real,
    Text,
    /// The sixteen bytes of an id.
    Id,
}

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortColumn {
    pub column: &'static str,
    pub kind: Kind,
    /// Whether it can be null. Null counts as greater than everything.
    pub nullable: bool,
}

impl SortColumn {
    pub const fn new(column: &'static str, kind: Kind) -> Self {
        Self { column, kind, nullable: false }
    }

    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }
}

/// A name that a caller may sort by. Usually one column; several where an order has several parts.
#[derive(Clone, Copy, Debug)]
pub struct SortField {
    pub name: &'static str,
    pub columns: &'static [SortColumn],
}

/// Everything a list can be sorted by.
#[derive(Clone, Copy, Debug)]
pub struct SortFields {
    pub fields: &'static [SortField],
    /// The order when none is asked for, in the words of `sort=`.
    pub default: &'static str,
    /// What tells two things apart that are equal in everything else; it always comes last.
    pub tie: SortColumn,
}

const CREATED_AT: SortColumn = SortColumn::new("created_at", Kind::Int);
const ID: SortColumn = SortColumn::new("id", Kind::Id);

impl SortFields {
    /// `created_at` and `id`, newest first: what every list has at least.
    pub const USUAL: Self = Self {
        fields: &[
            SortField { name: "created_at", columns: &[CREATED_AT] },
            SortField { name: "id", columns: &[ID] },
        ],
        default: "-created_at,-id",
        tie: ID,
    };

    fn names(&self) -> String {
        self.fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
    }
}

/// One column of the order that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortKey {
    pub(crate) column: SortColumn,
    pub(crate) descending: bool,
}

/// A total order: no two rows are equal in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort(pub(crate) Vec<SortKey>);

impl Sort {
    /// Reads `-created_at,name`. The tie goes the way of the last name, so that one index can serve it.
    pub fn parse(text: Option<&str>, allowed: &SortFields) -> Result<Self> {
        let mut keys: Vec<SortKey> = Vec::new();
        let text = text.filter(|text| !text.is_empty()).unwrap_or(allowed.default);
        for word in text.split(',') {
            let word = word.trim();
            let (descending, name) = word.strip_prefix('-').map_or((false, word), |name| (true, name));
            let Some(field) = allowed.fields.iter().find(|field| field.name == name) else {
                let message = format!("can be sorted by: {}", allowed.names());
                return Err(refuse("unknown_field", "sort", &message));
            };
            for column in field.columns {
                if keys.iter().any(|key| key.column.column == column.column) {
                    return Err(refuse("duplicate_field", "sort", "must not name a field twice"));
                }
                keys.push(SortKey { column: *column, descending });
            }
        }
        if keys.iter().all(|key| key.column.column != allowed.tie.column) {
            let descending = keys.last().is_some_and(|key| key.descending);
            keys.push(SortKey { column: allowed.tie, descending });
        }
        Ok(Self(keys))
    }

    /// The same order in one spelling; a cursor is bound to it.
    pub(crate) fn canonical(&self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::new(), |mut text, key| {
            let _ = write!(text, "{}{},", if key.descending { '-' } else { '+' }, key.column.column);
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: SortFields = SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[CREATED_AT] },
            SortField { name: "name", columns: &[SortColumn::new("p.name", Kind::Text)] },
            SortField { name: "id", columns: &[ID] },
        ],
        ..SortFields::USUAL
    };

    fn canonical(text: &str) -> String {
        Sort::parse(Some(text), &NAMED).unwrap().canonical()
    }

    #[test]
    fn an_order_is_always_total() {
        assert_eq!(canonical(""), "-created_at,-id,");
        assert_eq!(canonical("name"), "+p.name,+id,");
        assert_eq!(canonical("name,-created_at"), "+p.name,-created_at,-id,");
        assert_eq!(canonical("-id"), "-id,");
    }

    #[test]
    fn what_cannot_be_sorted_by_is_refused_with_what_can() {
        for text in ["secret", "p.name", "name,", "--name", "name;drop table x", "+name"] {
            let error = Sort::parse(Some(text), &NAMED).unwrap_err();
            assert_eq!(
                (error.kind(), error.fields()[0].code),
                (types::Kind::Malformed, "unknown_field"),
                "{text}"
            );
            assert!(error.fields()[0].message.contains("created_at, name, id"), "{error:?}");
        }
        assert_eq!(Sort::parse(Some("name,-name"), &NAMED).unwrap_err().fields()[0].code, "duplicate_field");
    }
}
