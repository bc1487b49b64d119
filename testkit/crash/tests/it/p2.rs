//! P2: jobs survive `kill -9`.

use std::time::Duration;

use crash::{Campaign, Engine, JOB_POINTS, Load, Place, Sink, Tally, Verdict, psql};
use peers::{Options, Postgres, rounds};

/// The most that the promise allows a job in the hands of a process that is dead.
const STUCK: Duration = Duration::from_secs(30);
/// Longer than a node may be silent.
const LEASE_OVER: Duration = Duration::from_secs(27);

fn begin(place: Place, fault: &str) -> Campaign {
    let mut campaign = Campaign::begin("p2", place, fault);
    let sink = Sink::open(&campaign.ledger);
    campaign.place.set("MAINSTAY_TRIALS_SINK", &sink.address.to_string());
    campaign.die(0, Duration::ZERO);
    campaign.next(0, &[]);
    campaign
}

/// Kills while jobs are asked for and run, some of them at these points.
fn kills(campaign: &mut Campaign, points: &[&'static str], kills: usize, jobs: u64) -> Tally {
    let writers = campaign.write(Load { jobs: true, refuse_every: 13, most: jobs, ..Load::default() });
    let share = (jobs * 4 / 5 / kills as u64).max(1);
    for _ in 0..kills {
        campaign.wait(&writers, share);
        campaign.cycle(points);
    }
    while !writers.are_done() {
        campaign.wait(&writers, u64::MAX / 2);
        campaign.cycle(&[]);
    }
    let tally = writers.stop();
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    tally
}

/// Kills, then waits until the last job is done. Whoever is named stays dead from the last kill on.
fn killed(mut campaign: Campaign, times: usize, jobs: u64, gone: Option<usize>) -> Verdict {
    let tally = kills(&mut campaign, JOB_POINTS, times, jobs);
    // The one that stays may have been told to die.
    campaign.die(0, Duration::ZERO);
    campaign.next(0, &[]);
    if let Some(node) = gone {
        campaign.die(node, Duration::ZERO);
    }
    end(campaign, &tally)
}

fn end(mut campaign: Campaign, tally: &Tally) -> Verdict {
    let took = campaign.wait_jobs(STUCK);
    peers::tell(&format!("p2: the last job ended {} ms after the last restart", took.as_millis()));
    campaign.finish(tally)
}

/// How often the first node has said that it lives. The one that joined is younger; the others are dead.
fn beats(campaign: &Campaign) -> String {
    let sql = "SELECT beats FROM job_nodes ORDER BY started_at DESC OFFSET 1 LIMIT 1";
    psql(&campaign.place.database(), sql)
}

/// A node is held until its jobs were taken from it, and goes on then.
fn stalled(fault: &str) -> Verdict {
    // A held transaction holds back the readers of every journal on its server: it has one of its own.
    let postgres = Postgres::start(Options::default());
    let mut campaign = begin(Place::on_server(&postgres), fault);
    // Most of its jobs are at work when it is held, before the deadline of any statement began.
    campaign.place.set("MAINSTAY_TRIALS_WORK", "300ms");
    campaign.die(0, Duration::ZERO);
    campaign.next(0, &[]);
    campaign.join();
    let pause = Duration::from_millis(150);
    let writers = campaign.write(Load { writers: 3, jobs: true, pause, ..Load::default() });
    writers.wait_acked(20, Duration::from_secs(30));
    // Held right after a beat it does not learn with its first breath that it was taken for dead.
    let before = beats(&campaign);
    while beats(&campaign) == before {
        std::thread::sleep(Duration::from_millis(50));
    }
    campaign.stall(0, LEASE_OVER);
    writers.wait_acked(20, Duration::from_secs(30));
    let tally = writers.stop();
    // What the held node was asked before has no answer for as long.
    assert!(tally.wrong.iter().all(|wrong| wrong.starts_with("no answer in time")), "{:?}", tally.wrong);
    end(campaign, &tally)
}

on_both! {
    fn p2_jobs_survive_a_kill(engine: Engine) {
        let campaign = begin(Place::on(engine), "");
        killed(campaign, rounds(20, 110), rounds(600, 11_000) as u64, None).expect_clean();
    }

    fn p2_an_end_before_the_effect_is_found_out(engine: Engine) {
        let mut campaign = begin(Place::on(engine), "queue.ack_before_effect=return");
        // Between the end and the effect: chance alone does not meet so short a moment in every run.
        let tally = kills(&mut campaign, &["job.effect"], 12, 300);
        let verdict = campaign.finish(&tally);
        assert!(verdict.says("is done and had its effect 0 times"), "{verdict}");
    }
}

#[test]
fn p2_another_node_takes_over() {
    let mut campaign = begin(Place::on(Engine::Postgres), "");
    campaign.join();
    killed(campaign, rounds(10, 110), rounds(600, 11_000) as u64, Some(1)).expect_clean();
}

#[test]
fn p2_a_node_that_was_taken_for_dead_changes_nothing_more() {
    stalled("").expect_clean();
}

#[test]
fn p2_a_late_effect_without_a_fence_is_found_out() {
    let verdict = stalled("queue.no_fencing=return");
    assert!(verdict.says("is done and had its effect 2 times"), "{verdict}");
}
