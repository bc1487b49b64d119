//! A statement that grows by pieces: text with `$1`, `$2` and the values that go there. No value ever becomes text.

use std::fmt::Write as _;

use types::{Installation, Scalar, Scope};

/// A finished statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub sql: String,
    pub params: Vec<Scalar>,
}

/// What to read from where. The order and the part of it come from a [`crate::List`].
#[derive(Clone, Debug)]
pub struct Select {
    columns: &'static str,
    from: &'static str,
    wheres: Vec<String>,
    params: Vec<Scalar>,
}

impl Select {
    /// Rows of the workspace of the scope, and of no other.
    pub fn scoped(scope: &Scope, from: &'static str, columns: &'static str) -> Self {
        Self::scoped_by(scope, "workspace", from, columns)
    }

    /// The same where several tables have a column of that name: `scoped_by(scope, "e.workspace", ..)`.
    pub fn scoped_by(scope: &Scope, tenant: &str, from: &'static str, columns: &'static str) -> Self {
        Self::bare(from, columns).and(&format!("{tenant} = $1"), [scope.workspace().into()])
    }

    /// Rows of a table that belongs to no workspace.
    pub fn installation(_: &Installation, from: &'static str, columns: &'static str) -> Self {
        Self::bare(from, columns)
    }

    fn bare(from: &'static str, columns: &'static str) -> Self {
        Self { columns, from, wheres: Vec::new(), params: Vec::new() }
    }

    /// One more condition. Its `$1` is the first of its own params.
    #[must_use]
    pub fn and(mut self, piece: &str, params: impl IntoIterator<Item = Scalar>) -> Self {
        let piece = renumber(piece, self.params.len());
        self.wheres.push(format!("({piece})"));
        self.params.extend(params);
        self
    }

    /// Only rows where the column has the value, if one is wanted.
    #[must_use]
    pub fn only(self, column: &'static str, value: Option<impl Into<Scalar>>) -> Self {
        match value {
            Some(value) => self.and(&format!("{column} = $1"), [value.into()]),
            None => self,
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> Statement {
        let sql = format!("SELECT COUNT(*) AS total FROM {}{}", self.from, self.condition());
        Statement { sql, params: self.params.clone() }
    }

    /// The rows, with more columns, an order and a limit.
    pub(crate) fn rows(mut self, more: &str, order: &str, limit: u32, offset: i64) -> Statement {
        let condition = self.condition();
        self.params.push(i64::from(limit).into());
        let mut tail = format!(" LIMIT ${}", self.params.len());
        if offset > 0 {
            self.params.push(offset.into());
            let _ = write!(tail, " OFFSET ${}", self.params.len());
        }
        let sql =
            format!("SELECT {}{more} FROM {}{condition} ORDER BY {order}{tail}", self.columns, self.from);
        Statement { sql, params: self.params }
    }

    fn condition(&self) -> String {
        if self.wheres.is_empty() { String::new() } else { format!(" WHERE {}", self.wheres.join(" AND ")) }
    }
}

/// Moves every `$n` up by `by`.
pub(crate) fn renumber(piece: &str, by: usize) -> String {
    let mut text = String::with_capacity(piece.len() + 8);
    let mut rest = piece;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at + 1);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        text.push_str(before);
        match after[..end].parse::<usize>() {
            Ok(number) => text.push_str(&(number + by).to_string()),
            Err(_) => text.push_str(&after[..end]),
        }
        rest = &after[end..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use types::{Time, Trace, WorkspaceId};

    use super::*;

    #[test]
    fn pieces_number_their_own_params() {
        let workspace = WorkspaceId::at(Time::from_millis(1));
        let scope = Scope::public(workspace, Trace::default());
        let select = Select::scoped(&scope, "projects", "id, name")
            .and("name = $1 OR owner = $2 OR name = $1", ["a".into(), "b".into()])
            .and("deleted_at IS NULL", [])
            .and("price > $1", [7_i64.into()]);
        let count = select.count();
        assert_eq!(
            count.sql,
            "SELECT COUNT(*) AS total FROM projects WHERE (workspace = $1) AND \
             (name = $2 OR owner = $3 OR name = $2) AND (deleted_at IS NULL) AND (price > $4)"
        );
        assert_eq!(count.params, [workspace.into(), "a".into(), "b".into(), 7_i64.into()]);
        let rows = select.rows(", x AS y", "id", 20, 40);
        assert!(rows.sql.ends_with("ORDER BY id LIMIT $5 OFFSET $6"), "{}", rows.sql);
        assert_eq!(rows.params.len(), 6);
    }
}
