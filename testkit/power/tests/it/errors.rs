//! A disk that fails: no acknowledgement, nothing lost, and work again when it does.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use peers::Folder;
use power::{Inject, Load, Outcome, Server, early, report};
use testkit::{rounds, tell};

use crate::recorded::{Bench, installation};

const LOAD: Load = Load { writers: 6, most: 60 };
const SYNCS: &str = "fsync,fdatasync:error=EIO";

/// A server on a copy of the installation under a load, with a fault; what came of it, or `None` when it did not start.
fn tried(installation: &Path, fault: &str, after: impl FnOnce(&Server, &str)) -> Option<(Bench, Outcome)> {
    let mut bench = Bench::on(installation);
    let record = bench.folder.join("record");
    let mut server = Server::spawn(&bench.data(), Some((&record, &[Inject(fault.to_owned())])), &[]);
    if let Err(code) = server.wait_ready() {
        assert!(code != 0 && server.said().contains("database"), "{code}: {}", server.said());
        return None;
    }
    let bearer = match server.try_sign_in() {
        Ok(bearer) => bearer,
        Err(answer) => {
            assert!(answer.status >= 500, "{fault}: {answer:?}");
            return None;
        }
    };
    let outcome = LOAD.run(server.address, &bearer, &AtomicBool::new(false));
    assert_eq!(outcome.broken, 0, "{fault}: {}", server.said());
    after(&server, &bearer);
    server.kill();
    bench.add(&record);
    let early = early(&bench.record);
    assert!(early.is_empty(), "{fault}: acknowledged without a sync: {early:?}");
    for (description, _) in &outcome.acked {
        assert!(
            bench.acks.iter().any(|ack| ack.description == *description),
            "{fault}: {description} is not recorded"
        );
    }
    let wrong = bench.cuts(rounds(12, 40), 7);
    assert!(wrong.is_empty(), "{fault}: {wrong:#?}");
    Some((bench, outcome))
}

/// Within ten seconds, without a new start.
fn works_again(server: &Server, bearer: &str) {
    let began = Instant::now();
    let mut client = crash::Client::new(server.address);
    let ready = || server.ready() == Some(200);
    while !ready()
        || report(&mut client, bearer, "pw-again-and-again-").is_ok_and(|answer| answer.status >= 300)
    {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not come back\n{}", server.said());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn all_are(outcome: &Outcome, fault: &str, good: impl Fn(u16, &str) -> bool) {
    let bad = outcome.refused.iter().find(|(status, code, later)| !good(*status, code) || !later);
    assert!(bad.is_none(), "{fault}: {bad:?}");
}

fn is_failure(status: u16, code: &str) -> bool {
    status == 503 && ["outcome_unknown", "database_unavailable"].contains(&code)
}

#[test]
fn p3_a_sync_that_fails_is_never_an_acknowledgement() {
    let place = Folder::new();
    let (installation, _) = installation(place.path());
    let (mut tries, mut refused, mut acked, mut unstarted) = (0, 0, 0, 0);
    for number in [1, 2, 4, 5, 7, 11].into_iter().chain(12..).take(rounds(6, 40)) {
        let fault = format!("{SYNCS}:when={number}");
        tries += 1;
        match tried(&installation, &fault, works_again) {
            Some((_, outcome)) => {
                all_are(&outcome, &fault, is_failure);
                refused += outcome.refused.len();
                acked += outcome.acked.len();
            }
            None => unstarted += 1,
        }
    }
    assert!(refused > 0 && acked > 0, "{refused} refused, {acked} acked");
    tell(&format!(
        "P3 failed syncs: commit {}, sqlite, disk; {tries} places, {unstarted} of them in the start or the sign-in; {refused} \
         refused with 503, {acked} acked, 0 lost, each well again within 10 s",
        crash::commit()
    ));
}

#[test]
fn p3_a_disk_that_goes_on_failing_is_read_and_not_written() {
    let place = Folder::new();
    let (installation, _) = installation(place.path());
    let fault = format!("{SYNCS}:when=9+");
    let seen = tried(&installation, &fault, |server, bearer| {
        let began = Instant::now();
        while server.ready() != Some(503) {
            assert!(began.elapsed() < Duration::from_secs(10), "it says that it is ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(server.get("/health", &[]).map(|answer| answer.status), Some(200));
        let list = server.get("/api/v1/status/events?page_size=1", &[("authorization", bearer)]);
        assert_eq!(list.map(|answer| answer.status), Some(200));
    });
    let (_, outcome) = seen.expect("it starts and signs in");
    assert!(!outcome.acked.is_empty() && outcome.refused.len() > 10, "{outcome:?}");
    all_are(&outcome, &fault, is_failure);
}

#[test]
fn p3_a_full_disk_loses_nothing_and_is_written_when_there_is_room() {
    let place = Folder::new();
    let (installation, _) = installation(place.path());
    let fault = "pwrite64:error=ENOSPC:when=60..90";
    let (_, outcome) = tried(&installation, fault, works_again).expect("it starts and signs in");
    assert!(!outcome.acked.is_empty() && !outcome.refused.is_empty(), "{outcome:?}");
    all_are(&outcome, fault, |status, code| (status, code) == (507, "no_space"));
}

/// The sync fails and the process is gone with it: the next one finds in the WAL what can be read and is not on the disk.
fn killed_with_a_failed_sync(installation: &Path, number: usize, variables: &[(&str, &str)]) -> Vec<String> {
    let mut bench = Bench::on(installation);
    let (first, second) = (bench.folder.join("first"), bench.folder.join("second"));
    let fault = Inject(format!("{SYNCS}:signal=KILL:when={number}"));
    let mut server = Server::spawn(&bench.data(), Some((&first, &[fault])), variables);
    server.wait_ready().unwrap_or_else(|code| panic!("{number}: it ends with {code}\n{}", server.said()));
    let bearer = server.sign_in();
    LOAD.run(server.address, &bearer, &AtomicBool::new(false));
    assert!(server.wait_end() != 0);
    bench.add(&first);
    let before = bench.acks.len();
    let mut server = Server::spawn(&bench.data(), Some((&second, &[])), variables);
    server.wait_ready().unwrap();
    let outcome = LOAD.run(server.address, &bearer, &AtomicBool::new(false));
    assert_eq!(outcome.acked.len(), LOAD.most, "{:?}", outcome.refused);
    server.kill();
    bench.add(&second);
    assert!(bench.acks.len() >= before + LOAD.most);
    (0..4).flat_map(|seed| bench.cuts(rounds(12, 40), seed)).collect()
}

#[test]
fn p3_what_a_failed_sync_left_in_the_wal_is_not_built_upon() {
    let place = Folder::new();
    let (installation, _) = installation(place.path());
    for number in (8..).take(rounds(1, 12)) {
        let wrong = killed_with_a_failed_sync(&installation, number, &[]);
        assert!(wrong.is_empty(), "{number}: {wrong:#?}");
    }
    let wrong = killed_with_a_failed_sync(&installation, 8, &[("FAILPOINTS", "db.trust_the_wal=return")]);
    assert!(wrong.iter().any(|what| what.contains("are lost")), "the planted fault is not found: {wrong:?}");
}
