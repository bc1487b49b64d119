//! Queues, schedules and the jobs of the installation.

use std::time::Duration;

use queue::NewJob;

use crate::house::{JOBS, TOIL, ask, ask_installation, post, says, start, until};

const INSTALLATION: &str = "/api/v1/installation/jobs";

testkit::on_both! {
    async fn a_queue_is_seen_paused_and_resumed_by_the_operator_only(engine: Engine) {
        let app = start(engine).await;
        let (admin, owner) = (app.administrator().await, app.owner("Main").await);
        let id = ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&[])).unwrap()).await;
        assert_eq!(owner.get("/api/v1/queues").await.status, 403);
        assert_eq!(post(&owner, "/api/v1/queues/toil/pause".into()).await.status, 403);
        let paused = post(&admin, "/api/v1/queues/toil/pause".into()).await.expect(200);
        assert!(paused.json()["paused_at"].is_string() && paused.json()["ready"] == 1, "{}", paused.json());
        assert_eq!(post(&admin, "/api/v1/queues/none/pause".into()).await.status, 404);
        app.work().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let path = format!("{JOBS}/{id}");
        assert_eq!(until(&owner, &path, "queued").await.json()["stuck"].as_str(), Some("queue_paused"));
        assert!(post(&admin, "/api/v1/queues/toil/resume".into()).await.expect(200).json()["paused_at"].is_null());
        until(&owner, &path, "done").await;
    }

    async fn a03_jobs_of_the_installation_are_the_operators_and_run_in_no_workspace(engine: Engine) {
        let app = start(engine).await;
        let (admin, owner) = (app.administrator().await, app.owner("Main").await);
        let later = NewJob::new(&TOIL, &says(&[])).unwrap().after(Duration::from_hours(1));
        let id = ask_installation(&app, later).await;
        assert_eq!(owner.get(format!("{JOBS}/{id}")).await.status, 404);
        assert_eq!(owner.get(INSTALLATION).await.status, 403);
        let listed = admin.get(format!("{INSTALLATION}?kind=toil.once")).await.expect(200).json();
        assert_eq!(listed["items"][0]["id"].as_str(), Some(id.to_string().as_str()));
        assert_eq!(post(&admin, format!("{INSTALLATION}/{id}/cancel")).await.expect(200).text("state"), "cancelled");
        app.work().await;
        post(&admin, format!("{INSTALLATION}/{id}/retry")).await.expect(200);
        // It asks for the scope of a workspace, and there is none: it is never run in somebody's.
        let path = format!("{INSTALLATION}/{id}");
        for _ in 0..200 {
            if admin.get(&path).await.expect(200).json()["failures"].as_i64() > Some(0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let seen = admin.get(&path).await.expect(200).json();
        assert!(seen["failures"].as_i64() > Some(0) && seen["result"].is_null(), "a03: {seen}");
        let log = admin.get(format!("{path}/events")).await.expect(200).json();
        assert!(log["total"].as_i64() >= Some(5), "{log}");
    }

    async fn p24_after_a_jump_of_the_clock_a_schedule_comes_once_and_what_is_old_is_forgotten(engine: Engine) {
        let app = start(engine).await;
        let (admin, owner) = (app.administrator().await, app.owner("Main").await);
        let id = ask(&app, &owner.workspace, NewJob::new(&TOIL, &says(&[])).unwrap()).await;
        app.work().await;
        let path = format!("{JOBS}/{id}");
        until(&owner, &path, "done").await;
        let prunes = async || app.db().read(types::Installation::system("a test"), |rx, _| Box::pin(async move {
            let sql = "SELECT COUNT(*) AS many FROM jobs WHERE kind = 'queue.prune'";
            Ok(rx.row(sql, &[]).await?.unwrap().take::<i64>("many")?)
        })).await.unwrap();
        for _ in 0..200 {
            if !admin.get("/api/v1/schedules").await.expect(200).json()["items"].as_array().unwrap().is_empty() { break }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(prunes().await, 0);
        app.clock().advance(Duration::from_hours(31 * 24));
        // A second look at once, instead of within half a minute.
        app.work().await;
        let gone = async || app.db().read((), |rx, ()| Box::pin(async move {
            Ok(rx.row("SELECT COUNT(*) AS many FROM jobs WHERE kind = 'toil.once'", &[]).await?.unwrap().take::<i64>("many")?)
        })).await.unwrap() == 0;
        for _ in 0..200 {
            if gone().await { break }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(gone().await, "the job was not forgotten");
        assert_eq!(prunes().await, 1);
    }
}
