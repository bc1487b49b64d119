//! Who is to be written to about a workspace: named here, known to `identity`.

use db::Read;
use futures_util::future::BoxFuture;
use types::{Result, Scope};

/// Fulfilled by `identity`.
pub trait Directory: Send + Sync {
    /// The addresses of those who own the workspace and may sign in.
    fn owners<'a>(&'a self, rx: &'a mut Read, scope: &'a Scope) -> BoxFuture<'a, Result<Vec<mail::Address>>>;
}
