//! What a caller wants of one list, checked: the order, the part, and the cursors that lead on from it.

use types::{Result, Scalar, WorkspaceId};

use crate::cursor::{Binding, Position, bad};
use crate::{Kind, Paging, Params, Signer, Sort, SortFields};

/// Which list it is: cursors are good at one place only.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub workspace: Option<WorkspaceId>,
    /// The template of the route, with what its parameters stood for.
    pub endpoint: &'a str,
    /// Everything that narrows the list, in one spelling.
    pub filter: &'a str,
}

/// A request for a part of a list. Once it is made, nothing in it can be wrong.
#[derive(Clone)]
pub struct List {
    pub(crate) sort: Sort,
    pub(crate) part: Part,
    signer: Signer,
    binding: Binding,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Numbered { page: u32, page_size: u32 },
    Keyset { from: Option<Position>, limit: u32, include_total: bool },
}

impl List {
    /// Reads `sort` and paging out of a query string. A cursor that is not of this place, filter and sort is refused.
    pub fn parse(query: &str, fields: &SortFields, signer: &Signer, place: Place<'_>) -> Result<Self> {
        let params = Params::parse(query)?;
        let sort = Sort::parse(params.get("sort"), fields)?;
        Self::new(Paging::of(&params)?, sort, signer, place)
    }

    pub fn new(paging: Paging, sort: Sort, signer: &Signer, place: Place<'_>) -> Result<Self> {
        let binding = Binding {
            workspace: place.workspace,
            endpoint: place.endpoint.to_owned(),
            filter: place.filter.to_owned(),
            sort: sort.canonical(),
        };
        let part = match paging {
            Paging::Numbered { page, page_size } => Part::Numbered { page, page_size },
            Paging::Keyset { cursor, limit, include_total } => {
                let from = cursor.map(|text| signer.open(&text, &binding)).transpose()?;
                if from.as_ref().is_some_and(|from| !fits(from, &sort)) {
                    return Err(bad());
                }
                Part::Keyset { from, limit, include_total }
            }
        };
        Ok(Self { sort, part, signer: signer.clone(), binding })
    }

    pub(crate) fn cursor(&self, keys: &[Scalar], backward: bool, inclusive: bool) -> String {
        self.signer.seal(&Position { backward, inclusive, keys: keys.to_vec() }, &self.binding)
    }
}

/// A signed cursor fits its sort unless a column changed its kind between two versions.
fn fits(position: &Position, sort: &Sort) -> bool {
    position.keys.len() == sort.0.len()
        && position.keys.iter().zip(&sort.0).all(|(value, key)| match (value, key.column.kind) {
            (Scalar::Null, _) => key.column.nullable,
            (Scalar::Int(_), Kind::Int)
            | (Scalar::Real(_), Kind::Real)
            | (Scalar::Text(_), Kind::Text)
            | (Scalar::Bytes(_), Kind::Id) => true,
            _ => false,
        })
}
