//! Places for what stays open: so many for each caller, so many in all. A place is given back when it is dropped.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use types::{Error, Kind, Result};

/// Seconds after which it is worth asking again.
const ASK_AGAIN: u64 = 15;

/// The places on this node.
#[derive(Default)]
pub struct Places {
    taken: Mutex<Taken>,
    shown: Option<fn(u32)>,
}

#[derive(Default)]
struct Taken {
    by_caller: HashMap<String, u32>,
    all: u32,
}

/// One stream's place.
pub struct Place {
    places: Arc<Places>,
    principal: String,
}

impl Places {
    /// Whoever measures is told how many are taken.
    pub fn shown(show: fn(u32)) -> Self {
        Self { taken: Mutex::default(), shown: Some(show) }
    }

    /// 503 `streams_full` when `all` are taken, 429 `too_many_streams` when this caller has `each`.
    pub fn take(self: &Arc<Self>, principal: &str, each: u32, all: u32) -> Result<Place> {
        let mut taken = self.taken.lock();
        if taken.all >= all {
            return Err(Error::unavailable(
                "streams_full",
                "Too many streams are open here. Try again shortly.",
            )
            .retry_after(ASK_AGAIN));
        }
        let own = taken.by_caller.get(principal).copied().unwrap_or(0);
        if own >= each {
            return Err(Error::new(
                Kind::TooMany,
                "too_many_streams",
                format!("You have {own} streams open, which is the limit. Close one first."),
            )
            .with("limit", each)
            .retry_after(ASK_AGAIN));
        }
        taken.by_caller.insert(principal.to_owned(), own + 1);
        taken.all += 1;
        self.show(taken.all);
        Ok(Place { places: Arc::clone(self), principal: principal.to_owned() })
    }

    fn show(&self, taken: u32) {
        if let Some(show) = self.shown {
            show(taken);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        taken.all = taken.all.saturating_sub(1);
        self.places.show(taken.all);
        if let Some(own) = taken.by_caller.get_mut(&self.principal) {
            *own -= 1;
            if *own == 0 {
                taken.by_caller.remove(&self.principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back() {
        let places = Arc::new(Places::default());
        let first = places.take("per_1", 2, 3);
        let second = places.take("per_1", 2, 3);
        assert_eq!(places.take("per_1", 2, 3).err().map(|error| error.code()), Some("too_many_streams"));
        let other = places.take("per_2", 2, 3);
        assert_eq!(places.take("per_3", 2, 3).err().map(|error| error.code()), Some("streams_full"));
        drop(first);
        assert!(places.take("per_1", 2, 3).is_ok());
        drop((second, other));
        assert!(places.taken.lock().by_caller.is_empty());
        assert_eq!(places.taken.lock().all, 0);
    }
}
