//! Standing: what a listener may still know.
//!
//! Owns how rights become kinds of events. Refuses to know when and how he is asked: `web` does.

mod ops;

pub(crate) use ops::Standing;
