//! Places for listeners: so many for each caller, so many in all. A place is given back when its stream is dropped.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use types::{Error, Kind, Result};

/// Seconds after which it is worth asking again.
const ASK_AGAIN: u64 = 15;

#[derive(Default)]
pub(crate) struct Places(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    by_caller: HashMap<String, u32>,
    all: u32,
}

/// One listener's place.
pub(crate) struct Place {
    places: Arc<Places>,
    principal: String,
}

impl Places {
    pub(crate) fn take(self: &Arc<Self>, principal: &str, each: u32, all: u32) -> Result<Place> {
        let mut taken = self.0.lock();
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
        metrics::gauge!("event_streams_open").set(taken.all);
        Ok(Place { places: Arc::clone(self), principal: principal.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock();
        taken.all = taken.all.saturating_sub(1);
        metrics::gauge!("event_streams_open").set(taken.all);
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
        assert!(places.0.lock().by_caller.is_empty());
        assert_eq!(places.0.lock().all, 0);
    }
}
