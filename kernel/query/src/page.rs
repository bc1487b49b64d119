//! A page: running a select for a part of a list, and the two shapes of the answer.

use std::fmt::Write as _;

use db::{Read, Row};
use serde::Serialize;
use types::{Result, Scalar};
use utoipa::ToSchema;

use crate::list::Part;
use crate::{List, Select, keyset};

/// A part of a list, in the shape that goes with how it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Page<T> {
    Numbered(NumberedPage<T>),
    Keyset(KeysetPage<T>),
}

/// One page of a list that is paged by number.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NumberedPage<T> {
    /// The things on this page; none past the end.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
    /// This page, from 1.
    pub page: u32,
    pub page_size: u32,
    /// How many pages there are.
    pub pages: i64,
}

/// One part of a list that is paged by cursor.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct KeysetPage<T> {
    pub items: Vec<T>,
    /// Leads to what comes after; null at the end.
    pub next_cursor: Option<String>,
    /// Leads to what came before; null at the beginning.
    pub prev_cursor: Option<String>,
    /// Whether there is more after this.
    pub has_more: bool,
    /// How many there are altogether, when `include_total=true` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T> Page<T> {
    pub fn items(&self) -> &[T] {
        match self {
            Self::Numbered(page) => &page.items,
            Self::Keyset(page) => &page.items,
        }
    }

    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        match self {
            Self::Numbered(NumberedPage { items, total, page, page_size, pages }) => {
                Page::Numbered(NumberedPage {
                    items: items.into_iter().map(f).collect(),
                    total,
                    page,
                    page_size,
                    pages,
                })
            }
            Self::Keyset(KeysetPage { items, next_cursor, prev_cursor, has_more, total }) => {
                Page::Keyset(KeysetPage {
                    items: items.into_iter().map(f).collect(),
                    next_cursor,
                    prev_cursor,
                    has_more,
                    total,
                })
            }
        }
    }
}

/// Reads the part of the list. `map` makes a thing of a row; it must not take columns named `sort_0`, `sort_1`, ...
pub async fn page<T>(
    rx: &mut Read,
    select: Select,
    list: &List,
    map: impl FnMut(&mut Row) -> Result<T>,
) -> Result<Page<T>> {
    match &list.part {
        Part::Numbered { page, page_size } => {
            numbered(rx, select, list, *page, *page_size, map).await.map(Page::Numbered)
        }
        Part::Keyset { .. } => by_key(rx, select, list, map).await.map(Page::Keyset),
    }
}

async fn numbered<T>(
    rx: &mut Read,
    select: Select,
    list: &List,
    page: u32,
    page_size: u32,
    mut map: impl FnMut(&mut Row) -> Result<T>,
) -> Result<NumberedPage<T>> {
    let total = total(rx, &select).await?;
    let offset = i64::from(page - 1) * i64::from(page_size);
    let mut items = Vec::new();
    if offset < total {
        let statement = select.rows("", &keyset::order(&list.sort.0, false), page_size, offset);
        for mut row in rx.rows(&statement.sql, &statement.params).await? {
            items.push(map(&mut row)?);
        }
    }
    let size = i64::from(page_size);
    Ok(NumberedPage { items, total, page, page_size, pages: (total + size - 1) / size })
}

async fn by_key<T>(
    rx: &mut Read,
    mut select: Select,
    list: &List,
    mut map: impl FnMut(&mut Row) -> Result<T>,
) -> Result<KeysetPage<T>> {
    let Part::Keyset { from, limit, include_total } = &list.part else {
        return Err(types::Error::internal("a numbered page was read by key"));
    };
    let total = if *include_total { Some(total(rx, &select).await?) } else { None };
    let sort = &list.sort.0;
    let backward = from.as_ref().is_some_and(|from| from.backward);
    if let Some(from) = from {
        let (piece, params) = keyset::after(sort, &from.keys, from.backward, from.inclusive);
        select = select.and(&piece, params);
    }
    let keys = sort.iter().enumerate().fold(String::new(), |mut text, (n, key)| {
        let _ = write!(text, ", {} AS sort_{n}", key.column.column);
        text
    });
    let statement = select.rows(&keys, &keyset::order(sort, backward), limit + 1, 0);
    let mut rows = rx.rows(&statement.sql, &statement.params).await?;
    let beyond = rows.len() > *limit as usize;
    rows.truncate(*limit as usize);
    if backward {
        rows.reverse();
    }
    let mut items = Vec::with_capacity(rows.len());
    let mut ends: Option<(Vec<Scalar>, Vec<Scalar>)> = None;
    for mut row in rows {
        let keys = (0..sort.len())
            .map(|n| row.take::<Scalar>(format!("sort_{n}").as_str()))
            .collect::<Result<Vec<_>, _>>()?;
        ends = Some((ends.map_or_else(|| keys.clone(), |(first, _)| first), keys));
        items.push(map(&mut row)?);
    }
    let more_before = if backward { beyond } else { from.is_some() };
    let more_after = backward || beyond;
    let (prev, next) = match (ends, from) {
        (Some((first, last)), _) => (
            more_before.then(|| list.cursor(&first, true, false)),
            more_after.then(|| list.cursor(&last, false, false)),
        ),
        // Nothing is left on this side of the place: the only way is back, the place itself included.
        (None, Some(from)) => (
            (!backward).then(|| list.cursor(&from.keys, true, true)),
            backward.then(|| list.cursor(&from.keys, false, true)),
        ),
        (None, None) => (None, None),
    };
    Ok(KeysetPage { items, has_more: next.is_some(), next_cursor: next, prev_cursor: prev, total })
}

async fn total(rx: &mut Read, select: &Select) -> Result<i64> {
    let count = select.count();
    let row = rx.row(&count.sql, &count.params).await?;
    Ok(row.ok_or_else(|| types::Error::internal("a count gave no row"))?.take("total")?)
}
