//! A job followed live.

use queue::NewJob;

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
}
