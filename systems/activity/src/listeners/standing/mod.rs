//! Standing: whether a listener may still know.
//!
//! Owns the question and when it is asked. Refuses to know what he listens to.

mod ops;

pub(crate) use ops::{Ended, Proof, Standing};
