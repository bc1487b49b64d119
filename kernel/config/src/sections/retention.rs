//! How long what was done is remembered.

use std::time::Duration;

use super::not_zero;

crate::section! {
    /// Replies kept for `Idempotency-Key`.
    pub struct Idempotency as "idempotency" {
        /// How long a reply is kept.
        #[runtime] #[check(not_zero)]
        ttl: Duration = "24h",
    }
}

crate::section! {
    /// The journal of what happened.
    pub struct Journal as "journal" {
        /// How long events are kept for readers of the change feed.
        #[runtime] #[check(not_zero)]
        keep: Duration = "14d",
    }
}
