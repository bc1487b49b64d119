//! Which part of a list is wanted, as the query string says it. Pure.

use types::{Error, Result};
use utoipa::IntoParams;

use crate::Params;

const PAGE_SIZE: (u32, u32, u32) = (1, 100, 20);
const LIMIT: (u32, u32, u32) = (1, 200, 50);
/// The longest cursor that is looked at.
const MAX_CURSOR: usize = 4096;

/// The two ways to page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// Page so and so, with a count of everything.
    Numbered { page: u32, page_size: u32 },
    /// What comes after a cursor; without one, from the beginning.
    Keyset { cursor: Option<String>, limit: u32, include_total: bool },
}

impl Default for Paging {
    fn default() -> Self {
        Self::Numbered { page: 1, page_size: PAGE_SIZE.2 }
    }
}

impl Paging {
    /// Reads paging out of a whole query string; what else is in it is left to others.
    pub fn parse(query: &str) -> Result<Self> {
        Self::of(&Params::parse(query)?)
    }

    pub fn of(params: &Params) -> Result<Self> {
        let page = params.number("page", 1, u32::MAX)?;
        let page_size = params.number("page_size", PAGE_SIZE.0, PAGE_SIZE.1)?;
        let limit = params.number("limit", LIMIT.0, LIMIT.1)?;
        let include_total = params.flag("include_total")?;
        let cursor = params.get("cursor");
        let numbered = page.is_some() || page_size.is_some();
        let keyset = cursor.is_some() || limit.is_some();
        if numbered && keyset {
            return Err(Error::malformed(
                "two_ways_to_page",
                "page and page_size go together, and so do cursor and limit; a request can have one pair only.",
            ));
        }
        if !keyset {
            return Ok(Self::Numbered {
                page: page.unwrap_or(1),
                page_size: page_size.unwrap_or(PAGE_SIZE.2),
            });
        }
        if cursor.is_some_and(|text| text.len() > MAX_CURSOR) {
            return Err(crate::cursor::bad());
        }
        Ok(Self::Keyset {
            cursor: cursor.filter(|text| !text.is_empty()).map(str::to_owned),
            limit: limit.unwrap_or(LIMIT.2),
            include_total: include_total.unwrap_or(false),
        })
    }
}

/// The parameters that every list has, for the OpenAPI document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the OpenAPI document only; Paging and Sort read the text itself")]
pub struct ListParams {
    /// The page, from 1. A page past the end is empty.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// Things on a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
    /// Where to go on, from `next_cursor` or `prev_cursor` of the answer before; empty to begin. Not together with
    /// `page` and `page_size`.
    #[param(max_length = 4096)]
    cursor: Option<String>,
    /// The most things in an answer when paging by cursor.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Whether an answer that is paged by cursor counts everything, too.
    include_total: Option<bool>,
    /// Names of fields to sort by, separated by commas; `-` before a name turns its order around.
    sort: Option<String>,
    /// Names of the fields to answer with, separated by commas. Without it all.
    fields: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_24_the_limits_of_a_page() {
        let numbered = |page, page_size| Paging::Numbered { page, page_size };
        assert_eq!(Paging::parse("").unwrap(), numbered(1, 20));
        assert_eq!(Paging::parse("q=x&page=3&page_size=100").unwrap(), numbered(3, 100));
        assert_eq!(Paging::parse("page_size=1").unwrap(), numbered(1, 1));
        let keyset = |limit, cursor: Option<&str>| Paging::Keyset {
            cursor: cursor.map(Into::into),
            limit,
            include_total: false,
        };
        assert_eq!(Paging::parse("cursor=").unwrap(), keyset(50, None));
        assert_eq!(Paging::parse("limit=200&cursor=abc").unwrap(), keyset(200, Some("abc")));
        assert_eq!(Paging::parse("limit=1").unwrap(), keyset(1, None));
        for (query, name) in [
            ("page=0", "page"),
            ("page=-1", "page"),
            ("page=%2B1", "page"),
            ("page=", "page"),
            ("page=1.5", "page"),
            ("page=99999999999", "page"),
            ("page_size=0", "page_size"),
            ("page_size=101", "page_size"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=ten", "limit"),
            ("cursor=&include_total=yes", "include_total"),
        ] {
            let error = Paging::parse(query).unwrap_err();
            assert_eq!((error.kind(), error.code()), (types::Kind::Malformed, "bad_parameter"), "{query}");
            assert_eq!(error.fields()[0].path, name, "{query}");
        }
    }

    #[test]
    fn both_ways_at_once_are_refused() {
        for query in ["page=1&cursor=", "page=1&limit=5", "page_size=5&cursor=x", "page_size=5&limit=5"] {
            assert_eq!(Paging::parse(query).unwrap_err().code(), "two_ways_to_page", "{query}");
        }
    }
}
