//! Seeing jobs and steering them.

use std::time::Duration;

use queue::NewJob;
use serde_json::json;

use crate::house::{FORGOTTEN, JOBS, TOIL, ask, post, says, start, until};

const LATER: Duration = Duration::from_hours(1);

/// As an older version wrote it: the member had another type.
static OLD: queue::Kind<serde_json::Value> = queue::Kind {
    queue: "toil",
    ..queue::Kind::new("toil.once", |job, _| Box::pin(async move { job.done().await }))
};

testkit::on_both! {
    async fn a_job_is_seen_cancelled_and_tried_again(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&["one"])).unwrap().about("doc_1").after(LATER)).await;
        let path = format!("{JOBS}/{id}");
        let seen = owner.get(&path).await.expect(200);
        assert_eq!((seen.text("state").as_str(), seen.json()["stuck"].as_str()), ("queued", Some("no_worker")));
        let same = owner.ask(http::Method::GET, &path).header("if-none-match", &seen.etag()).send().await;
        assert_eq!(same.status, 304);
        let cancelled = post(&owner, format!("{path}/cancel")).await.expect(200);
        assert_eq!((cancelled.text("state").as_str(), cancelled.json()["version"].as_i64()), ("cancelled", Some(2)));
        post(&owner, format!("{path}/cancel")).await.refused(409, "job_ended");
        app.work().await;
        let retry = || owner.ask(http::Method::POST, format!("{path}/retry")).key("again").send();
        assert_eq!(retry().await.expect(200).text("state"), "queued");
        assert_eq!(retry().await.expect(200).header("idempotent-replayed"), Some("true"));
        let done = until(&owner, &path, "done").await;
        assert_eq!(done.json()["progress"], json!({"done": 1, "total": 1}));
        assert_eq!(done.json()["result"]["in"].as_str(), Some(owner.workspace.as_str()));
        post(&owner, format!("{path}/retry")).await.refused(409, "job_not_ended");
        let log = owner.get(format!("{path}/events")).await.expect(200).json();
        let kinds: Vec<_> = log["items"].as_array().unwrap().iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["queued", "cancelled", "queued", "running", "log", "progress", "done"]);
        let tail = owner.get(format!("{path}/events?limit=2&sort=-number")).await.expect(200).json();
        assert_eq!((tail["items"][0]["type"].as_str(), tail["has_more"].as_bool()), (Some("done"), Some(true)));
    }

    async fn a_list_is_narrowed_and_paged_both_ways(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for subject in ["doc_1", "doc_2", "doc_2"] {
            ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&[])).unwrap().about(subject)).await;
        }
        let id = ask(&app, &owner.workspace, NewJob::new(&FORGOTTEN, &says(&[])).unwrap()).await;
        let count = async |query: &str| owner.get(format!("{JOBS}?{query}")).await.expect(200).json()["items"].as_array().unwrap().len();
        assert_eq!(count("subject=doc_2").await, 2);
        assert_eq!(count("kind=toil.once&queue=toil&state=queued").await, 3);
        assert_eq!(count("state=done").await, 0);
        let part = owner.get(format!("{JOBS}?kind=toil.once&limit=2")).await.expect(200).json();
        let next = part["next_cursor"].as_str().unwrap();
        assert_eq!(count(&format!("kind=toil.once&limit=2&cursor={next}")).await, 1);
        owner.get(format!("{JOBS}?kind=other&limit=2&cursor={next}")).await.refused(400, "bad_cursor");
        owner.get(format!("{JOBS}?state=ready")).await.refused(400, "bad_parameter");
        // A kind that nobody knows stays queued and says so.
        app.work().await;
        let seen = until(&owner, &format!("{JOBS}/{id}"), "queued").await;
        assert_eq!(seen.json()["stuck"].as_str(), Some("unknown_kind"));
    }

    async fn the_tag_of_a_waiting_job_tells_what_keeps_it(engine: Engine) {
        let app = start(engine).await;
        let (owner, admin) = (app.owner("Main").await, app.administrator().await);
        let id = ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&["one"])).unwrap().after(LATER)).await;
        let path = format!("{JOBS}/{id}");
        let again = |tag: String| owner.ask(http::Method::GET, &path).header("if-none-match", &tag).send();
        let nobody = owner.get(&path).await.expect(200);
        app.work().await;
        // The job is the same, and somebody runs its kind now; then its queue is paused.
        let somebody = again(nobody.etag()).await.expect(200);
        assert_eq!((nobody.text("stuck").as_str(), &somebody.json()["stuck"]), ("no_worker", &json!(null)));
        assert_eq!(again(somebody.etag()).await.status, 304);
        let _ = post(&admin, "/api/v1/queues/toil/pause".into()).await.expect(200);
        let paused = again(somebody.etag()).await.expect(200);
        assert_eq!((paused.text("stuck").as_str(), &paused.json()["version"]), ("queue_paused", &json!(1)));
        // A change by whoever holds an older picture of what keeps it is still a change of this version.
        let cancel = owner.ask(http::Method::POST, format!("{path}/cancel")).header("if-match", &somebody.etag());
        assert_eq!(cancel.send().await.expect(200).text("state"), "cancelled");
    }

    async fn bad_input_a_payload_of_another_version_fails_at_once_and_says_why(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = ask(&app, &owner.workspace, NewJob::new(&OLD, &json!({"says": 7})).unwrap()).await;
        app.work().await;
        let failed = until(&owner, &format!("{JOBS}/{id}"), "failed").await;
        assert!(failed.text("error").starts_with("job_payload:"), "{}", failed.text("error"));
        assert_eq!(failed.json()["attempt"].as_i64(), Some(1));
    }

    async fn bad_input_what_a_job_is_told_and_says_is_bounded(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let long = says(&[&"x".repeat(70_000)]);
        assert_eq!(NewJob::new(&TOIL, &long).unwrap_err().code(), "job_payload_too_large");
        let chatty = queue::NewJob::new(&TOIL, &says(&vec!["x"; 600])).unwrap();
        let id = ask(&app, &owner.workspace, chatty).await;
        app.work().await;
        let path = format!("{JOBS}/{id}");
        let done = until(&owner, &path, "done").await;
        assert_eq!(done.json()["progress"]["done"].as_i64(), Some(600));
        let log = owner.get(format!("{path}/events?page_size=1")).await.expect(200).json();
        // Queued, running, done, and a thousand of its own.
        assert_eq!(log["total"].as_i64(), Some(1003));
    }
}
