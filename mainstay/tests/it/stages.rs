//! P19 and check 15: whatever stage fails, and however, nothing stays and the next start succeeds.

use std::time::Duration;

use crate::process::{Server, folder};

/// Every stage of `serve`, as the guide lists them.
fn stages() -> Vec<&'static str> {
    include_str!("../../../docs/guide/stages.md")
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect()
}

/// Asks for as long as it lives what else than the probes answers.
fn nothing_else_answers(server: &Server) {
    if let Some(answer) = server.get("/") {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
    if let Some(answer) = server.get("/api/v1/status") {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
}

#[test]
fn p19_check_15_a_stage_that_fails_leaves_nothing_and_the_next_start_succeeds() {
    assert!(stages().len() >= 14, "{:?}", stages());
    for when in ["before", "after"] {
        let place = folder();
        for stage in stages() {
            // After the last stage the house is open for a moment: that is what it is for.
            if (when, stage) == ("after", "listener") {
                continue;
            }
            let fault = format!("stage.{stage}.{when}=return(x)");
            let server = Server::spawn(place.path(), &[], &[("FAILPOINTS", &fault)]);
            nothing_else_answers(&server);
            let (code, said) = server.end();
            assert_eq!(code, 1, "{stage} {when}: {said}");
            assert!(said.contains(&format!("the stage `{stage}`")), "{stage} {when}: {said}");
            assert!(said.contains("planted fault") && said.contains("next step"), "{stage} {when}: {said}");
            assert!(!said.contains("could not be undone"), "{stage} {when}: {said}");
            assert!(!place.path().join("control.sock").exists(), "{stage} {when} leaves the control socket");
        }
        let server = Server::start(place.path(), &[]);
        assert_eq!(server.stop().0, 0);
    }
}

#[test]
fn p19_a_start_that_is_killed_at_any_stage_leaves_nothing_in_the_way() {
    let place = folder();
    for stage in stages() {
        let fault = format!("stage.{stage}.before=sleep(60000)");
        let server = Server::spawn(place.path(), &[], &[("FAILPOINTS", &fault)]);
        // Until it stands at the stage, or long enough for those before the door.
        for _ in 0..30 {
            nothing_else_answers(&server);
            let waits = server.get("/ready").is_some_and(|answer| answer.contains(&format!("\"{stage}\"")));
            if waits {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        server.signal("-KILL");
        server.end();
    }
    let server = Server::start(place.path(), &[]);
    assert_eq!(server.stop().0, 0);
}

/// The fault that makes the tests above fail: the house opens before its last check.
#[test]
fn p19_a_house_that_opens_too_early_is_found_out() {
    let place = folder();
    let faults = "start.open_early=return;stage.final check.before=sleep(60000)";
    let server = Server::spawn(place.path(), &[], &[("FAILPOINTS", faults)]);
    server.wait_for("/api/v1/status", |answer| !answer.starts_with("HTTP/1.1 503"));
}

#[test]
fn a_stage_that_panics_is_told_like_one_that_fails() {
    let place = folder();
    let server =
        Server::spawn(place.path(), &[], &[("FAILPOINTS", "stage.journal.before=panic(on purpose)")]);
    let (code, said) = server.end();
    assert!(code == 1 && said.contains("the stage `journal`") && said.contains("on purpose"), "{said}");
    assert_eq!(Server::start(place.path(), &[]).stop().0, 0);
}
