//! The work that runs beside requests, and the order in which the house wakes and goes to sleep.
//!
//! Owns the task group that shutdown awaits, threads, the monotonic stopwatch and the startup graph. The only place
//! that spawns. Refuses to know what the work is about.

mod group;
pub mod stages;
mod stopwatch;
mod task;
mod upkeep;

pub use group::{Stopping, TaskGroup};
pub use stopwatch::Stopwatch;
pub use task::{Lost, Task};

/// A thread with a name, for work that may never share an async worker (the database's writer and readers).
///
/// Whoever starts one ends it: a thread is not part of the group.
#[allow(clippy::disallowed_methods, reason = "the one place that starts threads")]
pub fn thread<T, F>(name: &'static str, work: F) -> std::thread::JoinHandle<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .expect("the system gives a process that has just started another thread")
}

/// What a panic said, as far as it said something.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
