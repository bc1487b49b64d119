//! One job, followed live: its lines as they come, until it has ended.

mod api;
mod ops;

use std::sync::Arc;

use types::Result;
use web::{Caller, Place};

pub(crate) use api::routes;

/// Streams that may be open on one node, for one caller and in all.
const EACH: u32 = 16;
const ALL: u32 = 500;

/// Places for streams of jobs, apart from those of events.
#[derive(Default)]
pub(crate) struct Places(Arc<web::Places>);

impl Places {
    fn take(&self, caller: &Caller) -> Result<Place> {
        self.0.take(&caller.principal, EACH, ALL)
    }
}
