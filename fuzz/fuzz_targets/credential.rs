//! Any bytes at all; what must hold for them is `credential` in `src/lib.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mainstay_fuzz::credential(bytes));
