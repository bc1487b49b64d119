//! Power cuts at any moment of a server's life.

use std::sync::atomic::AtomicBool;

use peers::Folder;
use power::{Load, Server, early};
use testkit::{rounds, tell};

use crate::recorded::{Bench, from_nothing, installation};

const LOAD: Load = Load { writers: 12, most: 400 };

#[test]
fn p3_a_power_cut_loses_nothing_acknowledged() {
    let (bench, outcome) = from_nothing(LOAD);
    assert_eq!((outcome.acked.len(), outcome.broken), (LOAD.most, 0), "{:?}", outcome.refused);
    let mut answered: Vec<_> = outcome.acked.iter().map(|(description, _)| description).collect();
    let mut recorded: Vec<_> = bench.acks.iter().map(|ack| &ack.description).collect();
    answered.sort_unstable();
    recorded.sort_unstable();
    assert_eq!(answered, recorded, "the record does not have what the clients were answered");
    assert!(bench.checkpoints() > 0, "the WAL was never written into the database");
    let early = early(&bench.record);
    assert!(early.is_empty(), "{} left before their sync: {:?}", early.len(), early.first());
    let (count, seed) = (rounds(60, 1000), rand::random());
    let wrong = bench.cuts(count, seed);
    assert!(
        wrong.is_empty(),
        "seed {seed}, {} things are wrong: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
    let asked = rounds(2, 10);
    for number in 0..asked as u64 {
        bench.ask_after_a_cut(seed.wrapping_add(number));
    }
    tell(&format!(
        "P3 power cuts: commit {}, seed {seed}, sqlite, disk; {count} cuts of {} calls, {} acks, {} checkpoints; 0 lost, 0 \
         damaged, 0 acknowledged early; {asked} asked over HTTP",
        crash::commit(),
        bench.record.calls.len(),
        bench.acks.len(),
        bench.checkpoints(),
    ));
}

/// The cuts and the order each have to find it.
fn is_found(variables: &[(&str, &str)]) {
    let place = Folder::new();
    let (installation, bearer) = installation(place.path());
    let mut bench = Bench::on(&installation);
    let record = bench.folder.join("record");
    let mut server = Server::spawn(&bench.data(), Some((&record, &[])), variables);
    server.wait_ready().unwrap();
    let outcome = Load { most: 100, ..LOAD }.run(server.address, &bearer, &AtomicBool::new(false));
    server.kill();
    bench.add(&record);
    // An answer that came too early may go on to read what is not there yet, and fail.
    assert!(bench.acks.len() > 20, "{:?}", outcome.refused);
    assert!(early(&bench.record).len() > 10, "the order of the calls does not show it");
    let wrong = bench.cuts(40, 1);
    assert!(wrong.iter().any(|what| what.contains("are lost")), "the cuts do not show it: {wrong:#?}");
}

#[test]
fn p3_commits_that_do_not_wait_for_the_disk_are_found() {
    is_found(&[("MAINSTAY_DATABASE_SYNCHRONOUS", "normal")]);
}

#[test]
fn p3_acknowledgements_before_the_commit_are_found() {
    is_found(&[("FAILPOINTS", "db.ack_before_commit=return")]);
}
