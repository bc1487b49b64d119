//! The queue to the one writer.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

const LINES: usize = 8192;
/// The writer rests so long after each batch: while it does not wait, whoever puts a line in need not wake it.
const REST: Duration = Duration::from_millis(3);

enum Item {
    Line(String),
    Flush(SyncSender<()>),
}

/// Where lines are put. Never waits.
#[derive(Clone)]
pub struct Queue {
    to: SyncSender<Item>,
    dropped: Arc<AtomicU64>,
}

/// The writing half; [`Drain::run`] belongs on a thread of its own.
pub struct Drain {
    from: Receiver<Item>,
    dropped: Arc<AtomicU64>,
}

pub(super) fn channel() -> (Queue, Drain) {
    let (to, from) = sync_channel(LINES);
    let dropped = Arc::new(AtomicU64::new(0));
    (Queue { to, dropped: Arc::clone(&dropped) }, Drain { from, dropped })
}

impl Queue {
    pub(super) fn push(&self, line: String) {
        if self.to.try_send(Item::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("mainstay_log_lines_dropped_total").increment(1);
        }
    }

    /// Waits until every line that was put in before is written, at most `limit`.
    pub fn flush(&self, limit: Duration) {
        let (done, wait) = sync_channel(1);
        if self.to.try_send(Item::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(limit);
        }
    }
}

impl Drain {
    /// Writes to standard error until every [`Queue`] is gone.
    pub fn run(self) {
        self.write_to(&mut std::io::stderr());
    }

    /// The same, to `out`.
    pub fn write_to(self, out: &mut dyn Write) {
        let mut told = 0;
        let mut batch = String::new();
        while let Ok(first) = self.from.recv() {
            let mut waiting = Vec::new();
            let mut next = Some(first);
            while let Some(item) = next {
                match item {
                    Item::Line(line) => {
                        batch.push_str(&line);
                        batch.push('\n');
                    }
                    Item::Flush(done) => waiting.push(done),
                }
                next = if batch.len() < 64 * 1024 { self.from.try_recv().ok() } else { None };
            }
            let dropped = self.dropped.load(Ordering::Relaxed);
            if dropped > told {
                let lost = dropped - told;
                told = dropped;
                batch.push_str(&super::line::dropped(lost));
                batch.push('\n');
            }
            // Nobody reads standard error any more: there is nowhere left to say so.
            let _ = out.write_all(batch.as_bytes()).and_then(|()| out.flush());
            batch.clear();
            let hurry = !waiting.is_empty();
            for done in waiting {
                let _ = done.send(());
            }
            if !hurry {
                // A thread of its own: nobody waits behind it.
                std::thread::park_timeout(REST);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_and_counts_and_never_waits() {
        let (queue, drain) = channel();
        for n in 0..LINES + 10 {
            queue.push(format!("line {n}"));
        }
        drop(queue);
        let mut out = Vec::new();
        drain.write_to(&mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), LINES + 1);
        assert!(text.contains("\"dropped\":10"), "{}", text.lines().last().unwrap());
    }
}
