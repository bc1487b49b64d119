//! A job followed live.

use std::time::Duration;

use futures_util::future::select_all;
use queue::NewJob;
use testkit::Answer;

use crate::house::{JOBS, TOIL, ask, says, start};

testkit::on_both! {
    async fn a_stream_tells_every_line_ends_with_the_job_and_resumes(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&["first", "second"])).unwrap()).await;
        let path = format!("{JOBS}/{id}/events/stream");
        let follow = owner.get(&path);
        let (answer, ()) = tokio::join!(follow, app.work());
        let text = String::from_utf8_lossy(&answer.expect(200).body).into_owned();
        let events: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        assert_eq!(events, ["queued", "running", "log", "progress", "log", "progress", "done"], "{text}");
        let resume = |last: &'static str| owner.ask(http::Method::GET, &path).header("last-event-id", last).send();
        let rest = String::from_utf8_lossy(&resume("5").await.expect(200).body).into_owned();
        assert!(rest.contains("id: 6\n") && rest.contains("event: done") && !rest.contains("id: 5\n"), "{rest}");
        assert_eq!(resume("7").await.status, 204);
        resume("x").await.refused(400, "bad_header");
    }

    async fn one_caller_has_only_so_many_streams(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        // Nobody works, so none of them ends by itself.
        let id = ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&[])).unwrap()).await;
        let path = format!("{JOBS}/{id}/events/stream");
        let follow = || Box::pin(owner.get(&path));
        let first = tokio::time::timeout(Duration::from_secs(20), select_all((0..17).map(|_| follow())));
        let (refused, _, mut open) = first.await.expect("one of them is refused");
        refused.refused(429, "too_many_streams");
        assert!(goes_on(member.get(&path)).await, "another caller has places of his own");
        open.pop();
        assert!(goes_on(follow()).await, "a place that was given back is free");
        let one_more = tokio::time::timeout(Duration::from_secs(20), select_all([follow(), follow()])).await;
        one_more.expect("one of them is refused").0.refused(429, "too_many_streams");
    }
}

async fn goes_on(stream: impl Future<Output = Answer>) -> bool {
    tokio::time::timeout(Duration::from_millis(500), stream).await.is_err()
}
