//! A place in an order as a condition, and the order itself as text.

use std::fmt::Write as _;

use types::Scalar;

use crate::sort::SortKey;

/// `ORDER BY`, turned around when reading backwards. Null is greater than everything in both directions, so that one
/// order is the exact reverse of the other; of columns that are never null nothing is said, since an index is
/// only used when its nulls stand where the statement says.
pub(crate) fn order(keys: &[SortKey], backward: bool) -> String {
    let mut text = String::new();
    for key in keys {
        let descending = key.descending != backward;
        let nulls = match (key.column.nullable, descending) {
            (false, _) => "",
            (true, false) => " NULLS LAST",
            (true, true) => " NULLS FIRST",
        };
        let comma = if text.is_empty() { "" } else { ", " };
        let _ =
            write!(text, "{comma}{}{}{nulls}", key.column.column, if descending { " DESC" } else { " ASC" });
    }
    text
}

/// The condition that a row comes after the place.
pub(crate) fn after(
    keys: &[SortKey],
    values: &[Scalar],
    backward: bool,
    inclusive: bool,
) -> (String, Vec<Scalar>) {
    let first = keys[0].descending;
    let uniform = keys.iter().all(|key| !key.column.nullable && key.descending == first);
    if uniform {
        return (as_rows(keys, first != backward, inclusive), values.to_vec());
    }
    expanded(keys, values, backward, inclusive)
}

/// `(a, b) < ($1, $2)`: both engines read a range of the index for it.
fn as_rows(keys: &[SortKey], descending: bool, inclusive: bool) -> String {
    let columns = keys.iter().map(|key| key.column.column).collect::<Vec<_>>().join(", ");
    let params = (1..=keys.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    format!(
        "({columns}) {}{} ({params})",
        if descending { "<" } else { ">" },
        if inclusive { "=" } else { "" }
    )
}

/// `(a < x) OR (a = x AND id > y)`, for mixed directions and nulls.
fn expanded(keys: &[SortKey], values: &[Scalar], backward: bool, inclusive: bool) -> (String, Vec<Scalar>) {
    let mut params = Vec::new();
    let mut equal = String::new();
    let mut ways = Vec::new();
    for (key, value) in keys.iter().zip(values) {
        let column = key.column.column;
        let descending = key.descending != backward;
        let number = params.len() + 1;
        let beyond = match (value, descending) {
            // Nothing is greater than null, and everything that is not null is less.
            (Scalar::Null, false) => None,
            (Scalar::Null, true) => Some(format!("{column} IS NOT NULL")),
            (_, true) => Some(format!("{column} < ${number}")),
            (_, false) if key.column.nullable => Some(format!("({column} > ${number} OR {column} IS NULL)")),
            (_, false) => Some(format!("{column} > ${number}")),
        };
        ways.extend(beyond.map(|beyond| format!("({equal}{beyond})")));
        if *value == Scalar::Null {
            let _ = write!(equal, "{column} IS NULL AND ");
        } else {
            params.push(value.clone());
            let _ = write!(equal, "{column} = ${number} AND ");
        }
    }
    if inclusive {
        ways.push(format!("({})", equal.trim_end_matches(" AND ")));
    }
    let any = if ways.is_empty() { "1 = 0".to_owned() } else { ways.join(" OR ") };
    // Says the same once more of the first column alone, because no index can be entered through an OR.
    match (&values[0], keys[0].column.nullable, keys[0].descending != backward) {
        (Scalar::Null, _, _) | (_, true, false) => (any, params),
        (_, _, true) => (format!("{} <= $1 AND ({any})", keys[0].column.column), params),
        (_, false, false) => (format!("{} >= $1 AND ({any})", keys[0].column.column), params),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, SortColumn};

    fn key(column: &'static str, descending: bool, nullable: bool) -> SortKey {
        SortKey { column: SortColumn { column, kind: Kind::Int, nullable }, descending }
    }

    #[test]
    fn one_direction_compares_rows() {
        let keys = [key("a", true, false), key("id", true, false)];
        let (sql, params) = after(&keys, &[1_i64.into(), 2_i64.into()], false, false);
        assert_eq!((sql.as_str(), params.len()), ("(a, id) < ($1, $2)", 2));
        assert_eq!(after(&keys, &[1_i64.into(), 2_i64.into()], true, true).0, "(a, id) >= ($1, $2)");
        assert_eq!(order(&keys, false), "a DESC, id DESC");
        assert_eq!(order(&keys, true), "a ASC, id ASC");
    }

    #[test]
    fn mixed_directions_are_spelt_out() {
        let keys = [key("a", true, false), key("id", false, false)];
        let (sql, _) = after(&keys, &[1_i64.into(), 2_i64.into()], false, false);
        assert_eq!(sql, "a <= $1 AND ((a < $1) OR (a = $1 AND id > $2))");
    }

    #[test]
    fn nulls_have_a_place() {
        let keys = [key("a", false, true), key("id", false, false)];
        assert_eq!(order(&keys, false), "a ASC NULLS LAST, id ASC");
        assert_eq!(order(&keys, true), "a DESC NULLS FIRST, id DESC");
        let (sql, params) = after(&keys, &[Scalar::Null, 2_i64.into()], false, false);
        assert_eq!((sql.as_str(), params.len()), ("(a IS NULL AND id > $1)", 1));
        let (sql, _) = after(&keys, &[5_i64.into(), 2_i64.into()], false, false);
        assert_eq!(sql, "((a > $1 OR a IS NULL)) OR (a = $1 AND id > $2)");
    }
}
