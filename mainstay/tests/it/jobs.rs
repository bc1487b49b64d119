//! `mainstay jobs`, with a running server and alone.

use crate::process::{Server, folder, run};

#[test]
fn queues_are_paused_and_jobs_listed_with_and_without_a_server() {
    let place = folder();
    let data = place.path().join("data");
    let at = data.to_str().unwrap().to_owned();
    let jobs = |arguments: &[&str]| {
        let all: Vec<&str> = ["jobs"].iter().chain(arguments).chain(&["--data", &at]).copied().collect();
        run(&all)
    };
    let server = Server::start(&data, &["--dev"]);
    let listed = jobs(&["list", "--json"]);
    assert!(listed.code == 0 && listed.out.contains("\"items\":["), "{} {}", listed.out, listed.err);
    assert!(listed.err.contains("Asked the running server"), "{}", listed.err);
    let paused = jobs(&["pause", "upkeep", "--json"]);
    assert!(paused.code == 0 && paused.out.contains("\"paused\":true"), "{} {}", paused.out, paused.err);
    let nowhere = jobs(&["pause", "no-such-queue"]);
    assert!(
        nowhere.code == 4 && nowhere.err.contains("There are ") && nowhere.err.contains("upkeep"),
        "{}",
        nowhere.err
    );
    for id in ["job_01j00000000000000000000000", "nonsense"] {
        for command in ["show", "cancel", "retry"] {
            let nobody = jobs(&[command, id]);
            assert!(
                nobody.code == 4 && nobody.err.contains(&format!("No job has the id {id}")),
                "{}",
                nobody.err
            );
        }
    }
    let wrong = jobs(&["list", "--state", "ready"]);
    assert!(
        wrong.code == 2 && wrong.err.contains("queued, running, done, failed, cancelled"),
        "{}",
        wrong.err
    );
    server.stop();
    // Alone the same database says the same.
    let doctor = run(&["doctor", "--data", &at]);
    assert!(format!("{}{}", doctor.out, doctor.err).contains("upkeep is paused"), "{}", doctor.out);
    let resumed = jobs(&["resume", "upkeep"]);
    assert!(resumed.code == 0 && resumed.out.contains("served again"), "{} {}", resumed.out, resumed.err);
    let alone = jobs(&["list", "--kind", "none"]);
    assert!(alone.code == 0 && alone.out.contains("No jobs."), "{} {}", alone.out, alone.err);
}
