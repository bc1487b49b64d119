//! Second factors: what somebody shows beside a password, and how they prove themselves again.
//!
//! Owns codes by the clock, recovery codes, passkeys, the challenges in between, and the count of wrong codes. Every one-time
//! thing is used up by one statement in the transaction of what it was used for. Refuses to know passwords, and of sessions all but
//! whether a factor was shown in one: `sessions` asks what somebody has, shows what came, and acts upon the verdict.

pub(crate) mod api;
pub(crate) mod challenge;
pub(crate) mod jobs;
mod model;
pub(crate) mod ops;
pub(crate) mod passkeys;
pub(crate) mod recovery;
mod store;
pub(crate) mod totp;

pub(crate) use challenge::{Challenge, Purpose};
pub(crate) use model::{Held, Method, Refusal, Verdict};
pub(crate) use ops::{Shown, prove, spend};
