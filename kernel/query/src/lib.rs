//! Lists: from the text of a query to pieces of SQL, and from rows to a page.
//!
//! Owns paging, cursors and sorting, and how they become a statement. Refuses to know tables, rights and HTTP;
//! the filter language will stand beside them.

pub mod cursor;
mod keyset;
mod list;
mod page;
mod paging;
mod params;
mod select;
mod sort;

pub use cursor::Signer;
pub use list::{List, Place};
pub use page::{KeysetPage, NumberedPage, Page, page};
pub use paging::{ListParams, Paging};
pub use params::Params;
pub use select::{Select, Statement};
pub use sort::{Kind, Sort, SortColumn, SortField, SortFields};
