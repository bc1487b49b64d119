//! Faults planted on purpose, to prove that the tests which guard against them can fail.
//!
//! Each app has its own, so that a broken one can run beside whole ones. Without the feature `faults` every
//! question is answered `false` at compile time.

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Fault {
    /// Kept replies are never looked up (P6).
    ForgetKeys = 1,
    /// The rule of an operation is not asked (P15).
    OpenGate = 2,
    /// Every caller is given the scope of the public workspace (P15).
    OneWorkspace = 8,
    /// The limiter lets everything through (P22).
    NoLimits = 4,
    /// What was once read of a caller is believed for ever (P17).
    OldStanding = 16,
    /// A stream never asks again who listens (P17).
    DeafStreams = 32,
    /// A refresh token is judged in one transaction and replaced in another (P7).
    SplitRotation = 64,
    /// Nothing is hashed for an address that nobody has (P23).
    QuickStranger = 128,
    /// A sign-in at another provider that was used up may be used again (A14).
    EndlessState = 1 << 20,
    /// An account with a password is linked to whoever brings its address from a provider (CVE-2024-38351).
    SilentLink = 1 << 21,
    /// A change that is signed by a cookie need not come from our own page (A17).
    TrustedCookie = 1 << 16,
    /// A refresh token that comes back after its time is refused, and nothing ends (P7).
    ForgivenReuse = 1 << 17,
    /// A mailed link is looked at in one transaction and acted upon in another (P7).
    LookedAtLinks = 1 << 18,
    /// Letters are asked for only where somebody has the address (P23).
    TellingLetters = 1 << 19,
}

/// Which faults are on.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    #[cfg(feature = "faults")]
    on: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

#[cfg(feature = "faults")]
impl Faults {
    pub fn plant(&self, fault: Fault) {
        self.on.fetch_or(fault as u32, std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.on.load(std::sync::atomic::Ordering::SeqCst) & fault as u32 != 0
    }
}

#[cfg(not(feature = "faults"))]
impl Faults {
    #[allow(clippy::unused_self, reason = "the same face as with the feature")]
    pub(crate) fn has(&self, _: Fault) -> bool {
        false
    }
}
