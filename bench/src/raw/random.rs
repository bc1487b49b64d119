//! Bytes for ids and keys: as spread as real ones, which is what an index feels.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

fn word() -> u64 {
    thread_local!(static STATE: Cell<u64> = Cell::new(seed()));
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn seed() -> u64 {
    let id = format!("{:?}", std::thread::current().id());
    id.bytes().fold(now() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) << 20
}

pub fn bytes<const N: usize>() -> [u8; N] {
    let mut all = [0; N];
    for chunk in all.chunks_mut(8) {
        chunk.copy_from_slice(&word().to_be_bytes()[..chunk.len()]);
    }
    all
}

pub fn hex() -> String {
    format!("{:016x}{:016x}", word(), word())
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
