//! P8: PostgreSQL taken away in the middle of the load, again and again.

use std::process::Command;
use std::time::{Duration, Instant};

use crash::{Campaign, Load, Place, Tally, Verdict};
use peers::{Options, Postgres, rounds};

/// The most that the promise allows between PostgreSQL accepting and everything being well.
const WELL: Duration = Duration::from_secs(5);
/// What the server is told to hold, and what may stand beside it: one to listen, one to ask.
const POOL: usize = 8;
const BESIDE: usize = 4;

fn restarts(fault: &str, times: usize) -> (Tally, Verdict) {
    let postgres = Postgres::start(Options::default());
    let mut place = Place::on_server(&postgres);
    place.set("MAINSTAY_DATABASE_POOL", &POOL.to_string());
    let name = place.database().rsplit('/').next().unwrap_or_default().to_owned();
    let mut campaign = Campaign::begin("p8", place, fault);
    let writers = campaign.write(Load { refuse_every: 13, ..Load::default() });
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    for _ in 0..times {
        writers.wait_acked(100, Duration::from_secs(30));
        postgres.restart_immediate();
        let began = Instant::now();
        campaign.wait_ready(WELL);
        writers.wait_each(WELL);
        slowest = slowest.max(began.elapsed());
        assert!(slowest <= WELL, "it took {slowest:?} to be well");
        writers.wait_acked(100, Duration::from_secs(30));
        most = most.max(connections(&postgres, &name));
    }
    assert!(most <= POOL + BESIDE, "{most} connections are open: the pool leaks");
    let tally = writers.stop();
    peers::tell(&format!(
        "p8: {times} restarts, well again after {} ms at most, {most} connections at most, told to come again: {:?}",
        slowest.as_millis(),
        tally.again
    ));
    let verdict = campaign.finish(&tally);
    (tally, verdict)
}

/// How many connections the server holds.
fn connections(postgres: &Postgres, database: &str) -> usize {
    let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'");
    let said = Command::new("psql").args(["-XAtq", "-d", &postgres.url("postgres"), "-c", &sql]).output();
    String::from_utf8_lossy(&said.expect("psql starts").stdout).trim().parse().expect("a number")
}

#[test]
fn p8_a_restart_of_postgresql_loses_nothing_and_is_over_soon() {
    let (tally, verdict) = restarts("", rounds(3, 50));
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    verdict.expect_clean();
}

#[test]
fn p8_an_early_acknowledgement_is_found_out() {
    let (_, verdict) = restarts("db.ack_before_commit=return", 3);
    assert!(verdict.says("is lost"), "{verdict}");
}
