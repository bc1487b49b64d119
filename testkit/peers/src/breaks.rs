//! When a proxy breaks by the number of bytes that have passed, and how.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Which way bytes pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// What happens to a proxy at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The connection that sent the byte is reset. Others live, new ones are made.
    Cut,
    /// Nothing passes any more, on any connection, until `hang(false)`. Nothing is closed.
    Hang,
    /// Every connection is reset, and new ones are refused until `refuse(false)`.
    Gone,
}

/// One break that is to come, and how many bytes have passed.
#[derive(Debug, Default)]
pub(crate) struct Breaks {
    next: Mutex<Option<(Way, u64, Break)>>,
    passed: [AtomicU64; 2],
    /// Bytes whose last place is remembered, each way.
    marked: Mutex<(Vec<u8>, [Option<u64>; 2])>,
    pub(crate) trickle: AtomicBool,
}

impl Breaks {
    pub(crate) fn set(&self, next: Option<(Way, u64, Break)>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Whether the break is still to come.
    pub(crate) fn waits(&self) -> bool {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn passed(&self, way: Way) -> u64 {
        self.passed[way as usize].load(Ordering::SeqCst)
    }

    pub(crate) fn mark(&self, pattern: &[u8]) {
        *self.marked.lock().unwrap_or_else(PoisonError::into_inner) = (pattern.to_vec(), [None; 2]);
    }

    pub(crate) fn mark_at(&self, way: Way) -> Option<u64> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner).1[way as usize]
    }

    /// How many of these bytes may still pass before what.
    pub(crate) fn take(&self, way: Way, bytes: &[u8]) -> (usize, Option<Break>) {
        let length = bytes.len();
        let before = self.passed[way as usize].fetch_add(length as u64, Ordering::SeqCst);
        let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        let (pattern, found) = &mut *marked;
        if !pattern.is_empty()
            && let Some(at) = bytes.windows(pattern.len()).position(|window| window == pattern)
        {
            found[way as usize] = Some(before + at as u64);
        }
        drop(marked);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        match next.as_mut() {
            Some((at, left, what)) if *at == way && length as u64 > *left => {
                let keep = usize::try_from(*left).unwrap_or(0);
                let what = *what;
                *next = None;
                (keep, Some(what))
            }
            Some((at, left, _)) if *at == way => {
                *left -= length as u64;
                (length, None)
            }
            _ => (length, None),
        }
    }
}
