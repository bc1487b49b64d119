//! Any bytes at all; what must hold for them is `query` in `src/lib.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mainstay_fuzz::query(bytes));
