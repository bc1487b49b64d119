//! P9 as a whole: the database hangs, is slow, is gone, loses single connections, and is back.

use std::time::{Duration, Instant};

use peers::When;

use crate::bytes::no_leak;
use crate::ground::{Answer, DEADLINE, Found, Ground, RECOVERY, until_done};

/// Clients that write and read all the time: every one of their answers is sound. Tells how many were done.
fn under_load(ground: &Ground, name: &str, what: impl FnOnce() -> Found) -> Result<usize, String> {
    let enough = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|threads| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let enough = &enough;
                threads.spawn(move || {
                    let mut done = 0;
                    for turn in 0.. {
                        if enough.load(std::sync::atomic::Ordering::Relaxed) {
                            break;
                        }
                        let write = ground.write(&format!("{name}-{client}-{turn}"));
                        for answer in [write, ground.read()] {
                            answer.sound(name)?;
                            done += usize::from(answer.status < 300);
                        }
                    }
                    Ok::<usize, String>(done)
                })
            })
            .collect();
        let outcome = what();
        enough.store(true, std::sync::atomic::Ordering::Relaxed);
        let done: Result<usize, String> = clients.into_iter().map(|client| client.join().unwrap()).sum();
        outcome.and(done)
    })
}

/// Well again within the time it may take.
fn recovered(ground: &Ground) -> Found {
    let began = Instant::now();
    until_done(|| ground.read())?;
    until_done(|| ground.write(&format!("back {:?}", ground.proxy.accepted())))?;
    ground.ready(200, RECOVERY.saturating_sub(began.elapsed())).map(drop)
}

#[test]
fn p9_a_database_that_hangs_costs_no_request_more_than_its_deadline() {
    let ground = Ground::start(&[]);
    for round in 0..testkit::rounds(1, 10) {
        let done = under_load(&ground, &format!("hang{round}"), || {
            ground.proxy.hang(true);
            let down = ground.ready(503, Duration::from_secs(6))?;
            assert!(down.contains("\"database\":\"down\""), "{down}");
            for _ in 0..5 {
                ground.lives()?;
            }
            ground.proxy.open();
            recovered(&ground)
        });
        assert!(done.unwrap() > 0);
        no_leak(&ground).unwrap();
    }
    assert_eq!(ground.node.stop().0, 0);
}

#[test]
fn p9_a_database_that_is_gone_is_told_at_once_and_taken_back() {
    let ground = Ground::start(&[]);
    for round in 0..testkit::rounds(1, 10) {
        under_load(&ground, &format!("gone{round}"), || {
            ground.proxy.refuse(true);
            ground.proxy.cut();
            ground.ready(503, Duration::from_secs(6))?;
            ground.lives()?;
            ground.proxy.open();
            recovered(&ground)
        })
        .unwrap();
        no_leak(&ground).unwrap();
    }
}

#[test]
fn p9_a_slow_database_answers_in_time_or_not_at_all() {
    let ground = Ground::start(&[]);
    ground.proxy.trickle(true);
    let before = ground.total();
    until_done(|| ground.write("one byte at a time")).unwrap();
    until_done(|| ground.read()).unwrap();
    ground.proxy.open();
    ground.proxy.delay(Duration::from_millis(200));
    for n in 0..testkit::rounds(3, 30) {
        ground.write(&format!("slow{n}")).sound("slow").unwrap();
        ground.read().sound("slow").unwrap();
        ground.lives().unwrap();
    }
    ground.proxy.open();
    for n in 0..testkit::rounds(3, 30) {
        until_done(|| ground.write(&format!("slow{n}"))).unwrap();
    }
    assert_eq!(ground.total(), before + 1 + testkit::rounds(3, 30) as u64);
    recovered(&ground).unwrap();
}

/// A reset in the middle of the COMMIT, before or after it happened, is never a success; the key tells afterwards.
#[test]
fn p9_a_reset_during_the_commit_is_told_as_unknown() {
    let ground = Ground::start(&[]);
    let fired = ground.proxy.fired();
    for n in 0..testkit::rounds(4, 100) {
        let when = if n % 2 == 0 { When::Before } else { When::Answered };
        let (key, before) = (format!("reset{n}"), ground.total());
        let done = u64::from(when == When::Answered);
        let unknown = |answer: &Answer| answer.status == 503 && answer.text.contains("outcome_unknown");
        ground.proxy.on(b"COMMIT", when);
        let answer = ground.report(&[]);
        assert!(unknown(&answer), "{when:?} without a key: {}", answer.text);
        assert_eq!(ground.total() - before, done);
        // With a key the node may look the outcome up, and then knows.
        ground.proxy.on(b"COMMIT", when);
        let answer = ground.write(&key);
        assert!(unknown(&answer) || answer.status < 300, "{when:?}: {}", answer.text);
        assert!(answer.status == 503 || ground.total() == before + done + 1, "{when:?}: {}", answer.text);
        assert_eq!(ground.proxy.fired(), fired + 2 * (n as u64 + 1));
        until_done(|| ground.write(&key)).unwrap();
        assert_eq!(ground.total(), before + done + 1, "{when:?}");
    }
    recovered(&ground).unwrap();
}

/// Connections that fall silent one after another, more than there are: each costs its request, none costs its place.
fn silent_connections(ground: &Ground) -> Found {
    for (n, word) in ["COMMIT", "BEGIN", "COMMIT", "BEGIN", "COMMIT", "BEGIN", "COMMIT"].iter().enumerate() {
        until_done(|| ground.write(&format!("before{n}")))?;
        ground.proxy.on(word.as_bytes(), When::Hang);
        let answer: Answer = ground.write(&format!("silent{n}"));
        answer.sound(&format!("silent at {word}"))?;
        if answer.took < DEADLINE / 2 || answer.status < 300 {
            return Err(format!("it was not silent: {}", answer.text));
        }
    }
    recovered(ground)?;
    no_leak(ground)
}

#[test]
fn p9_connections_that_fall_silent_are_let_go_of() {
    silent_connections(&Ground::start(&[])).unwrap();
}

/// The fault that makes the test above fail: nothing in the database's own house has a deadline.
#[cfg(feature = "faults")]
#[test]
fn p9_a_database_without_a_deadline_is_found() {
    let ground = Ground::start(&[("FAILPOINTS", "db.no_deadline=return")]);
    let found = silent_connections(&ground).unwrap_err();
    assert!(found.contains("well again"), "{found}");
}
