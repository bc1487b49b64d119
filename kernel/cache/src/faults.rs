//! Mistakes that can be planted into counters while they run, to see a test fail. Never in a shipped binary.

/// What goes wrong when it is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Every hit pushes the end of the window away, so a caller who keeps trying is never let in again.
    ExtendAtEachHit,
    /// Counts are read and written back in two steps, so hits at the same moment are lost.
    CountInTwoSteps,
    /// Whoever comes while the shared store is lost is let through uncounted.
    OpenWhenLost,
}
