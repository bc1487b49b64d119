//! The live stream.

use std::time::Duration;

use http::StatusCode;
use testkit::TestApp;
use web::Fault;

use crate::house::{Open, feed, open, report, start, token};

const CREATED: &str = "status_event.created";

testkit::on_both! {
    async fn a_change_arrives_and_says_no_values(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let token = token(&app, &owner.email).await;
        let mut stream = open(&app, &token, None).await.began();
        let reported = report(&owner, "degraded").await.text("id");
        let (id, data) = stream.next_of(CREATED).await;
        assert_eq!((data["id"].as_str(), data["type"].as_str()), (Some(id.as_str()), Some(CREATED)));
        assert_eq!(data["subject"].as_str(), Some(reported.as_str()));
        assert!(!data.to_string().contains("degraded"), "{data}");
    }

    async fn a_stream_resumes_after_the_last_message(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let token = token(&app, &owner.email).await;
        report(&owner, "degraded").await;
        let first = feed(&owner, CREATED, 1).await[0]["id"].as_str().unwrap().to_owned();
        let missed = report(&owner, "operational").await.text("id");
        let mut stream = open(&app, &token, Some(&first)).await.began();
        let (id, data) = stream.next_of(CREATED).await;
        assert_eq!(data["subject"].as_str(), Some(missed.as_str()));
        let next = report(&owner, "maintenance").await.text("id");
        assert_eq!(stream.next_of(CREATED).await.1["subject"].as_str(), Some(next.as_str()));
        let mut again = open(&app, &token, Some(&id)).await.began();
        assert_eq!(again.next_of(CREATED).await.1["subject"].as_str(), Some(next.as_str()));
    }

    async fn what_cannot_be_resumed_is_refused_before_it_begins(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let token = token(&app, &owner.email).await;
        let unknown = journal::EventId::at(app.clock().now()).to_string();
        assert_eq!(open(&app, &token, Some(&unknown)).await.code().await, (StatusCode::GONE, "events_expired".into()));
        assert_eq!(open(&app, &token, Some("x")).await.code().await, (StatusCode::BAD_REQUEST, "bad_header".into()));
        let (status, _) = open(&app, "nothing", None).await.code().await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }

    async fn p15_a_stream_tells_nothing_of_another_workspace(engine: Engine) {
        let app = start(engine).await;
        let (owner, outsider) = (app.owner("Main").await, app.owner("Other").await);
        let token = token(&app, &outsider.email).await;
        let mut stream = open(&app, &token, None).await.began();
        report(&owner, "degraded").await;
        let own = report(&outsider, "maintenance").await.text("id");
        assert_eq!(stream.next_of(CREATED).await.1["subject"].as_str(), Some(own.as_str()));
    }

    async fn p17_a_revoked_caller_is_closed_within_five_seconds(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let token = token(&app, &owner.email).await;
        let mut stream = open(&app, &token, None).await.began();
        assert!(ends_after_logout(&app, &token, &mut stream).await, "the stream went on");
        report(&owner, "degraded").await;
    }

    async fn p17_the_test_of_revocation_can_fail(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let token = token(&app, &owner.email).await;
        app.faults.plant(Fault::DeafStreams);
        let mut stream = open(&app, &token, None).await.began();
        assert!(!ends_after_logout(&app, &token, &mut stream).await, "the planted fault was not seen");
    }

    async fn one_caller_has_only_so_many_streams(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let token = token(&app, &owner.email).await;
        let mut streams = Vec::new();
        for _ in 0..16 {
            streams.push(open(&app, &token, None).await.began());
        }
        let (status, code) = open(&app, &token, None).await.code().await;
        assert_eq!((status, code.as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_streams"));
        streams.pop();
        open(&app, &token, None).await.began();
    }

    async fn p20_streams_end_when_the_server_stops(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let token = token(&app, &owner.email).await;
        let mut stream = open(&app, &token, None).await.began();
        app.app.tasks().stop();
        while stream.next().await.is_some() {}
    }
}

/// Whether a stream ends within five seconds after its caller has signed out.
async fn ends_after_logout(app: &TestApp, token: &str, stream: &mut Open) -> bool {
    app.anonymous().bearer(token).post("/api/v1/auth/logout", serde_json::json!({})).await.expect(200);
    app.clock().advance(Duration::from_secs(2));
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(5), end).await.is_ok()
}
