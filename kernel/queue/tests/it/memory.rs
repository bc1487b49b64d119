//! A job that takes memory without end: it costs the process that runs it, and is given up before it costs too many.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use db::Db;
use queue::State;

use crate::both;
use crate::place::{Context, NOTE, Node, Place, QUICK, SWELL, job, workspace};

const URL: &str = "QUEUE_TEST_URL";
const FOLDER: &str = "QUEUE_TEST_FOLDER";

/// A process that runs jobs and may take less than a gigabyte, as a container or a unit of systemd would say.
fn worker(place: &Place) -> Child {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "ulimit -c 0 && ulimit -v 900000 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    command.args(["--exact", "memory::child_with_little_memory", "--ignored"]);
    command.env(URL, &place.url).env(FOLDER, place.folder.path()).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by bad_input_a_job_that_grows_without_end_is_given_up"]
async fn child_with_little_memory() {
    let options = db::Options::new(std::env::var(URL).unwrap(), std::env::var(FOLDER).unwrap());
    let db = Db::open(db::Options { pool: 4, ..options }).await.unwrap();
    let node = Node::on(&db, &Context::default(), QUICK).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    node.stop().await;
}

both! {
    async fn bad_input_a_job_that_grows_without_end_is_given_up(place) {
        let scope = workspace();
        let swells = place.enqueue(&scope, job(&SWELL, "swells")).await;
        place.enqueue_many(&scope, (0..20).map(|n| job(&NOTE, &format!("beside {n}"))).collect()).await;
        let (mut deaths, mut child) = (0, worker(&place));
        // Whoever watches over a worker starts it again.
        let row = loop {
            let row = place.get(&scope, swells).await;
            if row.state == State::Failed {
                break row;
            }
            if let Some(ended) = child.try_wait().unwrap() {
                assert!(!ended.success(), "it ended in peace, and the job is {row:?}");
                deaths += 1;
                assert!(deaths < 15, "it goes on for ever: {row:?}");
                child = worker(&place);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!((deaths, row.attempt, row.failures), (10, 10, 0));
        assert_eq!(row.error.as_deref(), Some("job_lost: too many nodes died while they ran it"));
        let log = place.log(&scope, swells).await;
        assert_eq!(log.iter().filter(|line| **line == "taken_back").count(), 9);
        // The others were done meanwhile, each once, and the last worker lives.
        assert_eq!(place.until_notes(20).await.len(), 20);
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
