//! Faults planted on purpose, to prove that the tests which guard against them can fail.
//!
//! Each app has its own, so that a broken one can run beside whole ones. Without the feature `faults` every
//! question is answered `false` at compile time.

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Kept replies are never looked up (P6).
    ForgetKeys,
    /// The rule of an operation is not asked (P15).
    OpenGate,
    /// Every caller is given the scope of the public workspace (P15).
    OneWorkspace,
    /// The limiter lets everything through (P22).
    NoLimits,
    /// What was once read of a caller is believed for ever (P17).
    OldStanding,
    /// A stream never asks again who listens (P17).
    DeafStreams,
    /// A refresh token is judged in one transaction and replaced in another (P7).
    SplitRotation,
    /// Nothing is hashed for an address that nobody has (P23).
    QuickStranger,
    /// A sign-in at another provider that was used up may be used again (A14).
    EndlessState,
    /// An account with a password is linked to whoever brings its address from a provider (CVE-2024-38351).
    SilentLink,
    /// A code of a second factor is good however often it was used (P7).
    ForgetCodes,
    /// A proof of who somebody is counts for ever (P17).
    StaleProof,
    /// A workspace that asks for a second factor asks nobody (P15).
    NoFactorAsked,
    /// A change that is signed by a cookie need not come from our own page (A17).
    TrustedCookie,
    /// A refresh token that comes back after its time is refused, and nothing ends (P7).
    ForgivenReuse,
    /// A mailed link is looked at in one transaction and acted upon in another (P7).
    LookedAtLinks,
    /// Letters are asked for only where somebody has the address (P23).
    TellingLetters,
    /// The follower moves on in a commit of its own, before the deliveries are there (P4).
    LooseFollower,
    /// Webhooks of every workspace are told of every event (P15).
    OpenWebhooks,
    /// What is sent to a webhook is signed without its time (A33).
    TimelessSignature,
}

/// Which faults are on.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    #[cfg(feature = "faults")]
    on: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

#[cfg(feature = "faults")]
impl Fault {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[cfg(feature = "faults")]
impl Faults {
    pub fn plant(&self, fault: Fault) {
        self.on.fetch_or(fault.bit(), std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.on.load(std::sync::atomic::Ordering::SeqCst) & fault.bit() != 0
    }
}

#[cfg(not(feature = "faults"))]
impl Faults {
    #[allow(clippy::unused_self, reason = "the same face as with the feature")]
    pub(crate) fn has(&self, _: Fault) -> bool {
        false
    }
}
