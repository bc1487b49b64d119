//! Counting hits by tier and subject, in this process or in a store that the nodes share.

use std::sync::Arc;
use std::time::Duration;

use tasks::TaskGroup;
use types::Time;

use crate::memory::Memory;
use crate::shared::{BadStore, Shared, SharedOptions};
use crate::verdict::{Key, Verdict};

const DEFAULT_CAPACITY: usize = 131_072;

/// The counters. Cheap to clone; clones share the counts.
#[derive(Clone)]
pub struct Counters(Store);

/// Where the counts are. Whatever happens to the shared store, a limit may become less exact, never absent.
#[derive(Clone)]
enum Store {
    Memory(Arc<Memory>),
    Shared(Arc<Shared>),
}

/// Whether the shared store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreState {
    /// There is none: this process counts alone.
    None,
    Up,
    /// This process counts alone until it is back.
    Lost,
}

impl Default for Counters {
    fn default() -> Self {
        Self::in_memory(DEFAULT_CAPACITY)
    }
}

impl Counters {
    /// Counters in this process that remember at most about `capacity` windows (some 100 bytes each).
    pub fn in_memory(capacity: usize) -> Self {
        Self(Store::Memory(Arc::new(Memory::new(capacity))))
    }

    /// Counters that the nodes share in Redis, with room for `capacity` windows here for the time when it is lost.
    /// Returns once it is known whether the store answers; it need not.
    pub async fn in_redis(
        options: &SharedOptions,
        capacity: usize,
        tasks: &TaskGroup,
    ) -> Result<Self, BadStore> {
        Ok(Self(Store::Shared(Shared::start(options, Memory::new(capacity), tasks).await?)))
    }

    /// Counts one hit and says whether it is within the limit. A window begins with the first hit and ends `span`
    /// later, whatever comes in between; a hit that is refused is not counted.
    pub async fn hit(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        match &self.0 {
            Store::Memory(memory) => memory.hit(key, limit, span, now),
            Store::Shared(shared) => shared.hit(key, limit, span, now).await,
        }
    }

    /// What a hit would come to, without counting it.
    pub async fn peek(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        match &self.0 {
            Store::Memory(memory) => memory.peek(key, limit, span, now),
            Store::Shared(shared) => shared.peek(key, limit, span, now).await,
        }
    }

    /// Takes one hit back, for something that turned out not to count.
    pub async fn refund(&self, key: Key<'_>, span: Duration, now: Time) {
        match &self.0 {
            Store::Memory(memory) => memory.refund(key, span, now),
            Store::Shared(shared) => shared.refund(key, span, now).await,
        }
    }

    /// Whether the store that the nodes share answers.
    pub fn store(&self) -> StoreState {
        match &self.0 {
            Store::Memory(_) => StoreState::None,
            Store::Shared(shared) if shared.is_up() => StoreState::Up,
            Store::Shared(_) => StoreState::Lost,
        }
    }

    /// How many windows are remembered here.
    pub fn len(&self) -> usize {
        self.memory().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Plants a mistake into these counters, or takes it out again.
    #[cfg(feature = "faults")]
    pub fn plant(&self, fault: Option<crate::faults::Fault>) {
        *self.memory().fault.lock() = fault;
    }

    fn memory(&self) -> &Memory {
        match &self.0 {
            Store::Memory(memory) => memory,
            Store::Shared(shared) => shared.memory(),
        }
    }
}
