//! When requests are meant to be sent: by the clock, on a thread of its own, so that a slow answer delays nothing.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// So long it sleeps at most too long; what fell due meanwhile is sent at once, and counts from when it was due.
const NAP: Duration = Duration::from_micros(100);

/// Sends the intended moments of `rate` requests a second, evenly spread, for so long.
pub(super) fn start(rate: f64, span: Duration, to: flume::Sender<Instant>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        exact_sleep();
        let began = Instant::now();
        let count = (rate * span.as_secs_f64()) as u64;
        let mut sent = 0_u64;
        while sent < count {
            let now = Instant::now();
            loop {
                let due = began + Duration::from_secs_f64(sent as f64 / rate);
                if due > now || sent >= count {
                    std::thread::sleep((due - now).max(NAP));
                    break;
                }
                if to.send(due).is_err() {
                    return;
                }
                sent += 1;
            }
        }
    })
}

/// The kernel may sleep 50 us longer than asked, unless it is told not to.
fn exact_sleep() {
    // SAFETY: this prctl takes one number and changes this thread's slack only.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_000_u64, 0, 0, 0) };
}
