//! Workspaces whose jobs wait, and others that do not notice.

use std::time::Duration;

use queue::NewJob;

use crate::house::{JOBS, TOIL, ask, post, says, start, until};

testkit::on_both! {
    async fn the_jobs_of_a_paused_workspace_wait_and_others_do_not(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let here = format!("/api/v1/workspaces/{}", owner.workspace);
        assert_eq!(post(&owner, format!("{here}/pause")).await.expect(200).json()["paused"], true);
        let new = || NewJob::new(&TOIL, &says(&["one"])).unwrap();
        let mut mine = Vec::new();
        for _ in 0..3 {
            mine.push(format!("{JOBS}/{}", ask(&app, &owner.workspace, new()).await));
        }
        app.work().await;
        let theirs = format!("{JOBS}/{}", ask(&app, &other.workspace, new()).await);
        until(&other, &theirs, "done").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        for path in &mine {
            let seen = owner.get(path).await.expect(200);
            assert_eq!((seen.text("state").as_str(), seen.text("stuck").as_str()), ("queued", "workspace_held"));
        }
        assert_eq!(post(&owner, format!("{here}/resume")).await.expect(200).json()["paused"], false);
        for path in &mine {
            until(&owner, path, "done").await;
        }
    }

    async fn the_jobs_of_a_suspended_workspace_wait(engine: Engine) {
        let app = start(engine).await;
        let (administrator, owner) = (app.administrator().await, app.owner("Small").await);
        let any = format!("/api/v1/installation/workspaces/{}", owner.workspace);
        app.work().await;
        let _ = post(&administrator, format!("{any}/suspend")).await.expect(200);
        let id = ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&["one"])).unwrap()).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let _ = post(&administrator, format!("{any}/resume")).await.expect(200);
        let done = until(&owner, &format!("{JOBS}/{id}"), "done").await;
        assert_eq!(done.json()["attempt"], 1);
    }
}
