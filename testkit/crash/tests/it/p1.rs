//! P1: `kill -9` under load loses nothing that was acknowledged. On disk only: there are no objects yet, here or in S3.

use std::time::Duration;

use crash::{Campaign, Load, Place, Verdict, WRITE_POINTS};
use peers::rounds;

fn kills(engine: crash::Engine, fault: &str, kills: usize, acks: u64) -> Verdict {
    let mut campaign = Campaign::begin("p1", Place::on(engine), fault);
    let writers = campaign.write(Load { refuse_every: 13, ..Load::default() });
    for _ in 0..kills {
        campaign.cycle(if fault.is_empty() { WRITE_POINTS } else { &[] });
    }
    // The last process may have been told to die.
    campaign.cycle(&[]);
    writers.wait_acked(acks.saturating_sub(writers.acked()).max(1), Duration::from_mins(10));
    let tally = writers.stop();
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    campaign.finish(&tally)
}

on_both! {
    fn p1_a_kill_loses_nothing_acknowledged(engine: Engine) {
        let acks = rounds(1_000, 100_000) as u64;
        kills(engine, "", rounds(20, 500), acks).expect_clean();
    }

    fn p1_an_early_acknowledgement_is_found_out(engine: Engine) {
        let verdict = kills(engine, "db.ack_before_commit=return", 4, 1);
        assert!(verdict.says("is lost"), "{verdict}");
    }
}
