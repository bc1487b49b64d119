//! Who is written to about a workspace, for systems that do not know people.

use db::Read;
use futures_util::future::BoxFuture;
use mail::Address;
use types::{Result, Scope};
use web::Directory;

use super::store;
use crate::Identity;

impl Directory for Identity {
    fn owners<'a>(&'a self, rx: &'a mut Read, scope: &'a Scope) -> BoxFuture<'a, Result<Vec<Address>>> {
        Box::pin(async move {
            let owners = store::owners_of(rx, scope).await?;
            // Somebody whose address no mail can reach is not written to; the others are.
            Ok(owners.iter().filter_map(|(name, email)| Address::new(name, email).ok()).collect())
        })
    }
}
