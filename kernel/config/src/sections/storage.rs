//! Where bytes and shared state are.

use crate::ServiceUrl;

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
        /// `memory` of this process.
        #[check(a_cache)]
        url: ServiceUrl = "memory",
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
        "redis" | "rediss" => Err("this version counts in memory only; expected memory".to_owned()),
        _ => Err("expected memory".to_owned()),
    }
}
