//! A panic is one line of the log.

use std::backtrace::Backtrace;

/// From here on a panic anywhere is logged as one line with its place, instead of printed over several.
///
/// The backtrace stands in it only at level debug: it holds paths, never values.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let said = info.payload_as_str().unwrap_or("a panic without a message");
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        metrics::counter!("mainstay_panics_total").increment(1);
        if tracing::enabled!(tracing::Level::DEBUG) {
            let backtrace = Backtrace::force_capture();
            tracing::error!(place, thread, %backtrace, "panic: {said}");
        } else {
            tracing::error!(place, thread, "panic: {said}");
        }
    }));
}
