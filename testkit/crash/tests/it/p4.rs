//! P4: every committed event is delivered, none of a transaction that was rolled back.

use crash::{Campaign, Load, Place, Readers, Verdict};
use peers::rounds;

/// Kills at the moment when a message is sent, too.
const POINTS: &[&str] = &["stream.frame", "trial.event", "db.before_commit", "db.after_commit"];

fn reads(engine: crash::Engine, fault: &str, kills: usize, events: u64) -> Verdict {
    let mut campaign = Campaign::begin("p4", Place::on(engine), fault);
    // Whoever listens has to begin somewhere.
    let first = campaign.write(Load { writers: 1, most: 1, ..Load::default() });
    first.wait_acked(1, std::time::Duration::from_secs(20));
    first.stop();
    let readers = Readers::begin(&campaign.target, &campaign.ledger);
    let writers = campaign.write(Load { refuse_every: 5, ..Load::default() });
    let share = events / kills.max(1) as u64;
    for _ in 0..kills {
        campaign.wait(&writers, share);
        campaign.cycle(if fault.is_empty() { POINTS } else { &[] });
    }
    // The last process may have been told to die.
    campaign.cycle(&[]);
    writers.wait_acked(events.saturating_sub(writers.acked()).max(1), std::time::Duration::from_hours(1));
    let tally = writers.stop();
    // A session that lost its process holds the newest events back until PostgreSQL has noticed.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let (feed, stream) = readers.finish();
    peers::tell(&format!(
        "p4 readers: the feed died {} times and came back {} times, the stream {} and {}",
        feed.deaths, feed.resumed, stream.deaths, stream.resumed
    ));
    assert!(feed.wrong.is_empty() && stream.wrong.is_empty(), "{:?} {:?}", feed.wrong, stream.wrong);
    campaign.finish(&tally)
}

on_both! {
    fn p4_every_event_is_delivered_and_none_that_was_rolled_back(engine: Engine) {
        let verdict = reads(engine, "", rounds(10, 200), rounds(2_000, 100_000) as u64);
        verdict.expect_clean();
        for reader in ["feed", "stream"] {
            assert_eq!(verdict.counts[reader]["told"], verdict.counts["rows"], "{verdict}");
        }
    }

    fn p4_an_event_of_a_rollback_is_found_out(engine: Engine) {
        let verdict = reads(engine, "db.no_savepoint=return", 1, 200);
        assert!(verdict.says("was rolled back and is there"), "{verdict}");
    }
}

/// A late commit is passed over by whoever reads by number alone. On SQLite commits stand in a row.
#[test]
fn p4_a_reader_who_passes_over_a_late_commit_is_found_out() {
    let fault = "journal.by_seq_alone=return;trial.event=20%sleep(40)";
    let verdict = reads(crash::Engine::Postgres, fault, 1, 1_000);
    assert!(verdict.says("was never told of"), "{verdict}");
}
