//! What callers rely on: exactly the limit in a window, a window that ends, and memory that has a bound.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cache::{Counters, Key};
use futures_util::FutureExt as _;
use types::Time;

const MINUTE: Duration = Duration::from_mins(1);

/// Memory answers at once.
fn now<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().expect("memory answers at once")
}

fn at(ms: i64) -> Time {
    Time::from_millis(1_700_000_000_000 + ms)
}

/// How many of 64 x 200 hits within one window were allowed.
fn allowed_of_a_crowd(counters: &Counters, limit: u32) -> u32 {
    let allowed = AtomicU32::new(0);
    let barrier = Barrier::new(64);
    std::thread::scope(|threads| {
        for _ in 0..64 {
            threads.spawn(|| {
                barrier.wait();
                for n in 0..200 {
                    if now(counters.hit(Key::new("normal", "10.0.0.1"), limit, MINUTE, at(n))).allowed {
                        allowed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    allowed.into_inner()
}

/// Whether somebody who keeps trying every second is let in again once the minute is over.
fn a_persistent_caller_gets_in_again(counters: &Counters) -> bool {
    let key = Key::new("sign-in", "owner@example.test");
    (0..90).filter(|second| now(counters.hit(key, 3, MINUTE, at(second * 1000))).allowed).count() == 6
}

#[test]
fn p22_exactly_the_limit_gets_through_a_crowd() {
    assert_eq!(allowed_of_a_crowd(&Counters::default(), 600), 600);
}

#[test]
fn check_25_the_window_really_resets() {
    assert!(a_persistent_caller_gets_in_again(&Counters::default()));
}

#[test]
fn check_25_the_numbers_count_down_and_say_when() {
    let counters = Counters::default();
    let key = Key::new("sign-in", "a");
    for (n, remaining) in [(0, 2), (500, 1), (1000, 0)] {
        let verdict = now(counters.hit(key, 3, MINUTE, at(n)));
        assert!(verdict.allowed);
        assert_eq!((verdict.limit, verdict.remaining, verdict.reset_at), (3, remaining, at(60_000)));
    }
    let refused = now(counters.hit(key, 3, MINUTE, at(1_500)));
    assert!(!refused.allowed);
    assert_eq!((refused.remaining, refused.reset_at, refused.retry_after), (0, at(60_000), 59));
    assert!(!now(counters.hit(key, 3, MINUTE, at(59_999))).allowed);
    assert!(now(counters.hit(key, 3, MINUTE, at(60_000))).allowed);
}

#[test]
fn tiers_and_subjects_are_counted_apart() {
    let counters = Counters::default();
    assert!(now(counters.hit(Key::new("a", "bc"), 1, MINUTE, at(0))).allowed);
    assert!(now(counters.hit(Key::new("ab", "c"), 1, MINUTE, at(0))).allowed);
    assert!(now(counters.hit(Key::new("a", "other"), 1, MINUTE, at(0))).allowed);
    assert!(!now(counters.hit(Key::new("a", "bc"), 1, MINUTE, at(0))).allowed);
}

#[test]
fn a_peek_counts_nothing_and_a_refund_gives_one_back() {
    let counters = Counters::default();
    let key = Key::new("a", "b");
    assert!(now(counters.hit(key, 1, MINUTE, at(0))).allowed);
    assert!(!now(counters.peek(key, 1, MINUTE, at(1))).allowed);
    now(counters.refund(key, MINUTE, at(2)));
    now(counters.refund(key, MINUTE, at(2)));
    assert!(now(counters.peek(key, 1, MINUTE, at(3))).allowed);
    assert!(now(counters.hit(key, 1, MINUTE, at(4))).allowed);
    assert!(!now(counters.hit(key, 1, MINUTE, at(5))).allowed);
}

#[test]
fn nothing_is_ever_unlimited() {
    let counters = Counters::default();
    assert!(!now(counters.hit(Key::new("a", "b"), 0, MINUTE, at(0))).allowed);
    // The limit was lowered while the window was open.
    assert!(now(counters.hit(Key::new("a", "c"), 5, MINUTE, at(0))).allowed);
    let lowered = now(counters.hit(Key::new("a", "c"), 1, MINUTE, at(1)));
    assert_eq!((lowered.allowed, lowered.remaining), (false, 0));
}

#[test]
fn p24_a_clock_that_is_set_back_locks_nobody_out() {
    let counters = Counters::default();
    let key = Key::new("a", "b");
    assert!(now(counters.hit(key, 1, MINUTE, at(7_200_000))).allowed);
    let back = now(counters.hit(key, 1, MINUTE, at(0)));
    assert_eq!((back.allowed, back.reset_at), (true, at(60_000)));
    assert!(!now(counters.hit(key, 1, MINUTE, at(1))).allowed);
}

#[test]
fn p12_memory_is_bounded_and_what_ends_first_is_forgotten_first() {
    let counters = Counters::in_memory(6_400);
    let subject = |n: i64| n.to_be_bytes();
    for n in 0..50_000 {
        now(counters.hit(Key::new("flood", &subject(n)), 1, MINUTE, at(n / 1000)));
    }
    assert!(counters.len() <= 6_400, "{}", counters.len());
    assert!(!now(counters.hit(Key::new("flood", &subject(49_999)), 1, MINUTE, at(51))).allowed);
    // Ended windows make room without waiting for the bound.
    for n in 0..1_000 {
        now(counters.hit(Key::new("later", &subject(n)), 1, MINUTE, at(120_000)));
    }
    assert!(counters.len() <= 1_000, "{}", counters.len());
}

#[cfg(feature = "faults")]
#[test]
fn planted_faults_are_found() {
    use cache::faults::Fault;
    let counters = Counters::default();
    counters.plant(Some(Fault::ExtendAtEachHit));
    assert!(!a_persistent_caller_gets_in_again(&counters), "the endless window was not noticed");
    let counters = Counters::default();
    counters.plant(Some(Fault::CountInTwoSteps));
    assert_ne!(allowed_of_a_crowd(&counters, 600), 600, "the lost counts were not noticed");
}
