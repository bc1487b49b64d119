//! Faults planted on purpose, to prove that the tests which guard against them can fail, and points at which a test has
//! the process die.

/// A point with a name. A build with the feature `faults` whose FAILPOINTS name it ends here at once, as `kill -9` would:
/// nothing is flushed, closed or told. `name=57*off->return` lets it pass 57 times first.
#[cfg(feature = "faults")]
#[expect(clippy::disallowed_methods, reason = "that nothing is shut down is what it is for")]
pub fn point(name: &str) {
    if fail::eval(name, |_| ()).is_some() {
        std::process::abort();
    }
}

/// Nothing at all in a build without planted faults.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn point(_: &str) {}

/// Declares the faults of a crate that has a feature `faults`: `Fault`, and with the feature `set`, which plants one in
/// this process or takes it out again. Without the feature `planted` is `false` at compile time.
#[macro_export]
macro_rules! faults {
    ($( $(#[$meta:meta])* $name:ident ),+ $(,)?) => {
        /// What can be broken here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $( $(#[$meta])* $name ),+
        }

        #[cfg(feature = "faults")]
        static PLANTED: ::std::sync::atomic::AtomicU32 = ::std::sync::atomic::AtomicU32::new(0);

        /// Plants a fault in this process, or takes it out again.
        #[cfg(feature = "faults")]
        pub fn set(fault: Fault, planted: bool) {
            let bit = 1_u32 << (fault as u32);
            if planted {
                PLANTED.fetch_or(bit, ::std::sync::atomic::Ordering::SeqCst);
            } else {
                PLANTED.fetch_and(!bit, ::std::sync::atomic::Ordering::SeqCst);
            }
        }

        #[cfg(feature = "faults")]
        pub(crate) fn planted(fault: Fault) -> bool {
            PLANTED.load(::std::sync::atomic::Ordering::SeqCst) & (1_u32 << (fault as u32)) != 0
        }

        #[cfg(not(feature = "faults"))]
        pub(crate) const fn planted(_: Fault) -> bool {
            false
        }
    };
}
