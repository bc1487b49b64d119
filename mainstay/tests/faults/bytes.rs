//! P9 by the byte: the conversation of a write and of a read breaks at byte N, in both directions, on connections
//! that are there and on ones that have to be made.

use std::time::Duration;

use peers::{Break, Way};

use crate::ground::{Found, Ground, until_done};

/// One sweep: what is asked, and how it breaks.
#[derive(Clone, Copy, Debug)]
struct Sweep {
    write: bool,
    way: Way,
    how: Break,
    /// On fresh connections: the conversation begins with making them.
    cold: bool,
    /// Try only so many of the bytes, evenly, and those of the COMMIT.
    points: usize,
}

/// What a sweep saw.
#[derive(Debug, Default)]
struct Tally {
    tried: u32,
    broken: u32,
    done: u32,
}

/// Around the word COMMIT: its message before it, and behind it what follows its answer.
const BEFORE: u64 = 6;
const BEHIND: u64 = 15;

impl Sweep {
    fn run(self, ground: &Ground) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let (length, commit) = self.length(ground)?;
        let step = usize::try_from(length).unwrap().div_ceil(self.points).max(1);
        let mut bytes: Vec<u64> = (0..=length).step_by(step).collect();
        if let Some(at) = commit {
            bytes.extend((at.saturating_sub(BEFORE)..=at + BEHIND).step_by(3));
        }
        bytes.sort_unstable();
        bytes.dedup();
        for byte in bytes {
            let when = format!("{self:?} at byte {byte} of {length}");
            self.prepare(ground)?;
            let before = ground.total();
            ground.proxy.break_after(self.way, byte, self.how);
            let answer = if self.write { ground.write(&when) } else { ground.read() };
            answer.sound(&when)?;
            tally.tried += 1;
            tally.broken += u32::from(!ground.proxy.waits());
            tally.done += u32::from(answer.status < 300);
            if self.how != Break::Cut {
                ground.lives()?;
            }
            if self.write && answer.status < 300 && ground.total() != before + 1 {
                return Err(format!("{when}: acknowledged and not there"));
            }
            ground.proxy.open();
            until_done(|| if self.write { ground.write(&when) } else { ground.read() })?;
            let after = ground.total();
            if self.write && after != before + 1 {
                return Err(format!("{when}: {} effects under one key", after - before));
            }
        }
        Ok(tally)
    }

    /// Connections as this sweep wants them.
    fn prepare(self, ground: &Ground) -> Found {
        if self.cold {
            ground.proxy.cut();
            return Ok(());
        }
        // One that is there and has the statements of this request prepared.
        let warm = format!("warm {} {}", ground.proxy.accepted(), ground.proxy.passed(Way::ToServer));
        until_done(|| if self.write { ground.write(&warm) } else { ground.read() })?;
        // The node tells the others of a write a moment later.
        std::thread::sleep(Duration::from_millis(30));
        Ok(())
    }

    /// How many bytes the conversation has that way, and where in it the COMMIT is. Others talk as well, so it is the
    /// shortest of several.
    fn length(self, ground: &Ground) -> Result<(u64, Option<u64>), String> {
        let (mut shortest, mut commit) = (u64::MAX, None);
        for turn in 0..4 {
            self.prepare(ground)?;
            ground.proxy.mark(b"COMMIT");
            let from = ground.proxy.passed(self.way);
            let key = format!("length {turn} {self:?}");
            until_done(|| if self.write { ground.write(&key) } else { ground.read() })?;
            let passed = ground.proxy.passed(self.way) - from;
            // The first turn may have to connect or to prepare.
            if (turn > 0 || self.cold) && passed < shortest {
                shortest = passed;
                commit =
                    ground.proxy.mark_at(self.way).map(|at| at - from).filter(|_| self.write && !self.cold);
            }
        }
        Ok((shortest, commit))
    }
}

/// Every kind of sweep of one way of breaking; `every` bytes of those the full form looks at.
fn sweeps(how: Break, full: usize) -> Vec<Sweep> {
    let points = testkit::rounds(3, full);
    let mut all = Vec::new();
    for write in [true, false] {
        for cold in [false, true] {
            for way in [Way::ToServer, Way::ToClient] {
                all.push(Sweep { write, way, how, cold, points });
            }
        }
    }
    all
}

fn run(how: Break, full: usize) {
    let ground = Ground::start(&[]);
    let mut all = Tally::default();
    for sweep in sweeps(how, full) {
        let tally = sweep.run(&ground).unwrap();
        testkit::tell(&format!("p9 {sweep:?}: {tally:?}"));
        all.tried += tally.tried;
        all.broken += tally.broken;
    }
    assert!(all.broken * 2 > all.tried, "too little was broken: {all:?}");
    ground.ready(200, crate::ground::RECOVERY).unwrap();
    no_leak(&ground).unwrap();
    assert_eq!(ground.node.stop().0, 0);
}

/// More writes and reads at once than there are connections: all of them get one.
pub(crate) fn no_leak(ground: &Ground) -> Found {
    let tries = |turn: u32| {
        std::thread::scope(|threads| {
            let asks: Vec<_> = (0..24)
                .map(|n| {
                    threads.spawn(move || {
                        let write = || ground.write(&format!("leak{turn}-{n}"));
                        until_done(write).and_then(|()| until_done(|| ground.read()))
                    })
                })
                .collect();
            asks.into_iter().try_for_each(|ask| ask.join().unwrap())
        })
    };
    std::thread::sleep(Duration::from_millis(50));
    (0..2).try_for_each(tries)
}

#[test]
fn p9_a_conversation_that_is_cut_at_any_byte_ends_in_time_and_is_done_once() {
    run(Break::Cut, usize::MAX);
}

#[test]
fn p9_a_conversation_that_falls_silent_at_any_byte_ends_in_time_and_is_done_once() {
    run(Break::Hang, 200);
}

#[test]
fn p9_a_database_that_goes_away_at_any_byte_and_comes_back_leaves_nothing_half_done() {
    run(Break::Gone, 400);
}

/// The fault that makes the sweeps fail: an unknown outcome is called a success.
#[cfg(feature = "faults")]
#[test]
fn p9_a_commit_that_is_called_done_without_knowing_is_found() {
    let ground = Ground::start(&[("FAILPOINTS", "db.success_when_unknown=return")]);
    let sweep = Sweep { write: true, way: Way::ToServer, how: Break::Cut, cold: false, points: 1 };
    let found = sweep.run(&ground).unwrap_err();
    assert!(found.contains("acknowledged and not there"), "{found}");
}
