//! The task group: everything that runs beside requests is in it, has a name, and is waited for at shutdown.
//!
//! A panic costs the one task it happened in: it is logged with the task's name and counted.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Aborted, abortable};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::task::{Cut, Lost, Task};

/// Cheap to clone; all clones are one group.
#[derive(Clone)]
pub struct TaskGroup(Arc<Inner>);

struct Inner {
    stop: watch::Sender<bool>,
    count: watch::Sender<usize>,
    next: AtomicU64,
    running: Mutex<BTreeMap<u64, Running>>,
}

struct Running {
    name: &'static str,
    cut: Option<Cut>,
}

impl Default for TaskGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl TaskGroup {
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            stop: watch::Sender::new(false),
            count: watch::Sender::new(0),
            next: AtomicU64::new(0),
            running: Mutex::new(BTreeMap::new()),
        }))
    }

    /// Runs the future beside the caller.
    #[allow(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn<F>(&self, name: &'static str, work: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let place = self.enter(name);
        let number = place.number;
        let handle = tokio::spawn(async move {
            let _place = place;
            AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| panicked(name, panic.as_ref()))
        });
        let cut = Cut::Task(handle.abort_handle());
        self.0.keep_cut(number, cut.clone());
        Task { name, handle, cut }
    }

    /// Runs the future on a thread that is its own for as long as it runs: when it never waits, it holds up nobody else.
    /// What it spawns itself, and its timers, are where everybody's are.
    #[allow(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn apart<F>(&self, name: &'static str, work: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let place = self.enter(name);
        let (work, cut) = abortable(AssertUnwindSafe(work).catch_unwind());
        let cut = Cut::Thread(cut);
        self.0.keep_cut(place.number, cut.clone());
        let runtime = tokio::runtime::Handle::current();
        let handle = tokio::task::spawn_blocking(move || {
            let _place = place;
            match runtime.block_on(work) {
                Ok(ended) => ended.map_err(|panic| panicked(name, panic.as_ref())),
                Err(Aborted) => Err(Lost::Stopped(name)),
            }
        });
        Task { name, handle, cut }
    }

    /// Runs work that blocks (hashing, files) away from the async workers.
    #[allow(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn blocking<T, F>(&self, name: &'static str, work: F) -> Task<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let place = self.enter(name);
        // The caller's span goes along, so that what the work logs still names the request.
        let span = tracing::Span::current();
        let handle = tokio::task::spawn_blocking(move || {
            let _place = place;
            let _span = span.enter();
            std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panicked(name, panic.as_ref()))
        });
        let cut = Cut::Task(handle.abort_handle());
        Task { name, handle, cut }
    }

    /// Runs `work` again and again, `period` after it last ended, so it never overlaps itself. An error is logged
    /// and the next turn comes all the same; a panic costs one turn. With `jittered` the first turn comes at a
    /// random moment of the first period and later ones vary by a tenth, so that nodes do not march in step.
    /// Ends at shutdown; a turn that is running then is finished.
    pub fn every<F, Fut, E>(&self, name: &'static str, period: Duration, jittered: bool, work: F) -> Task<()>
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Debug + Send + 'static,
    {
        self.spawn(name, crate::upkeep::run(name, period, jittered, self.stopping(), work))
    }

    /// How a task learns that the house goes to sleep.
    pub fn stopping(&self) -> Stopping {
        Stopping(self.0.stop.subscribe())
    }

    /// Tells every task to stop, without waiting.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    /// Names of what runs now.
    pub fn running(&self) -> Vec<&'static str> {
        self.0.running.lock().values().map(|one| one.name).collect()
    }

    /// Tells every task to stop and waits until `deadline` has passed. What still runs then is cut off, and named.
    pub async fn shutdown(&self, deadline: Duration) -> Vec<&'static str> {
        self.stop();
        let mut count = self.0.count.subscribe();
        let all_ended = count.wait_for(|count| *count == 0);
        if tokio::time::timeout(deadline, all_ended).await.is_ok() {
            return Vec::new();
        }
        let left = self.0.running.lock();
        for one in left.values() {
            if let Some(cut) = &one.cut {
                cut.off();
            }
        }
        left.values().map(|one| one.name).collect()
    }

    fn enter(&self, name: &'static str) -> Place {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let mut running = self.0.running.lock();
        running.insert(number, Running { name, cut: None });
        self.0.count.send_replace(running.len());
        Place { inner: Arc::clone(&self.0), number }
    }
}

impl Inner {
    fn keep_cut(&self, number: u64, cut: Cut) {
        if let Some(one) = self.running.lock().get_mut(&number) {
            one.cut = Some(cut);
        }
    }
}

/// A place in the list of what runs, given back however the work ends.
struct Place {
    inner: Arc<Inner>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.inner.running.lock();
        running.remove(&self.number);
        self.inner.count.send_replace(running.len());
    }
}

/// Told once, when shutdown begins.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when shutdown begins; at once if it has begun.
    pub async fn stopped(&self) {
        // An error means that the group is gone, which is the end as well.
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }
}

fn panicked(name: &'static str, panic: &(dyn std::any::Any + Send)) -> Lost {
    report_panic(name, panic);
    Lost::Panicked(name)
}

pub(crate) fn report_panic(name: &'static str, panic: &(dyn std::any::Any + Send)) {
    metrics::counter!("mainstay_task_panics_total", "task" => name).increment(1);
    tracing::error!(task = name, panic = crate::panic_text(panic), "a task panicked");
}

#[cfg(test)]
mod tests;
