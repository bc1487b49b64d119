//! Where bytes and shared state are.

use std::time::Duration;

use super::not_zero;
use crate::{Secret, ServiceUrl};

crate::section! {
    /// Where the bytes of files are kept.
    pub struct Storage as "storage" {
        /// `file` is a folder in the data folder, `file:///path` another.
        #[check(a_store)]
        url: ServiceUrl = "file",
    }
}

impl Storage {
    pub fn is_local(&self) -> bool {
        self.url.scheme() == "file"
    }
}

fn a_store(url: &ServiceUrl) -> Result<(), String> {
    match url.scheme() {
        "file" => Ok(()),
        "s3" => Err("this version keeps files on disk only; expected file or file:///path".to_owned()),
        _ => Err("expected file or file:///path".to_owned()),
    }
}

crate::section! {
    /// Where counters and other small shared state are kept.
    pub struct Cache as "cache" {
        /// `memory` of this process, or `redis://user@host:6379/0` for what the nodes of an installation share; `rediss://` is
        /// the same over TLS. While Redis is lost each node counts the limits alone.
        #[check(a_cache)]
        url: ServiceUrl = "memory",
        /// The password, where it does not stand in the url.
        password: Secret = "",
        /// How long one count may wait for Redis before the node counts alone.
        #[check(not_zero)]
        wait: Duration = "150ms",
    }
}

impl Cache {
    pub fn in_memory(&self) -> bool {
        self.url.scheme() == "memory"
    }
}

fn a_cache(url: &ServiceUrl) -> Result<(), String> {
    match url.scheme() {
        "memory" => Ok(()),
        "redis" | "rediss" if !url.host().is_empty() => Ok(()),
        _ => Err("expected memory or redis://user@host:port/database".to_owned()),
    }
}
