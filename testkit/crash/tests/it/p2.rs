//! P2: jobs survive `kill -9`.

use std::time::Duration;

use crash::{Campaign, JOB_POINTS, Load, Place, Sink, Verdict};
use peers::rounds;

/// The most that the promise allows between the last restart and the end of the last job.
const STUCK: Duration = Duration::from_secs(30);

fn jobs(engine: crash::Engine, fault: &str, kills: usize, jobs: u64) -> Verdict {
    let mut campaign = Campaign::begin("p2", Place::on(engine), fault);
    let sink = Sink::open(&campaign.ledger);
    campaign.place.set("MAINSTAY_TRIALS_SINK", &sink.address.to_string());
    campaign.die(Duration::ZERO);
    campaign.next(&[]);
    let writers = campaign.write(Load { jobs: true, refuse_every: 13, most: jobs, ..Load::default() });
    let share = jobs * 4 / 5 / kills as u64;
    for _ in 0..kills {
        if !writers.are_done() {
            writers.wait_acked(share, Duration::from_mins(1));
        }
        campaign.cycle(if fault.is_empty() { JOB_POINTS } else { &[] });
    }
    while !writers.are_done() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let tally = writers.stop();
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    campaign.die(Duration::ZERO);
    campaign.next(&[]);
    let took = campaign.wait_jobs(STUCK);
    peers::tell(&format!("p2: the last job ended {} ms after the last restart", took.as_millis()));
    campaign.finish(&tally)
}

on_both! {
    fn p2_jobs_survive_a_kill(engine: Engine) {
        jobs(engine, "", rounds(20, 110), rounds(600, 11_000) as u64).expect_clean();
    }
}
