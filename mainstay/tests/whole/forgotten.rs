//! A deleted workspace is forgotten by every system: nothing in any table names it, and nobody else loses anything.

use std::collections::BTreeMap;
use std::time::Duration;

use db::{Engine as Database, Read, params};
use queue::{Kind, NewJob};
use serde::{Deserialize, Serialize};
use serde_json::json;
use testkit::TestApp;
use types::{Error, Installation, Result, Scalar, WorkspaceId};

use crate::house::House;

#[derive(Serialize, Deserialize)]
struct Nothing {}

/// Asked for by its name, as the schedule does.
static FORGET: Kind<Nothing> = Kind {
    queue: "upkeep",
    ..Kind::new("workspace.forget", |job, _| Box::pin(async move { job.done().await }))
};

/// How many rows of each table name the workspace. Found in the schema: a new table is looked at by being there.
async fn traces(rx: &mut Read, workspace: WorkspaceId) -> Result<BTreeMap<String, i64>> {
    let sql = match rx.engine() {
        Database::Sqlite => {
            "SELECT m.name AS tab, c.name AS col FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.name IN ('workspace', 'workspace_id', 'lane')"
        }
        Database::Postgres => {
            "SELECT table_name::text AS tab, column_name::text AS col FROM information_schema.columns \
             WHERE table_schema = 'public' AND column_name IN ('workspace', 'workspace_id', 'lane') \
             AND (data_type = 'bytea' OR column_name = 'lane')"
        }
    };
    let mut found = BTreeMap::new();
    for mut row in rx.rows(sql, params![]).await? {
        let (table, column): (String, String) = (row.take("tab")?, row.take("col")?);
        let named: Scalar = if column == "lane" { workspace.to_string().into() } else { workspace.into() };
        let sql = format!("SELECT COUNT(*) AS many FROM {table} WHERE {column} = $1");
        let many = rx.row(&sql, &[named]).await?.map_or(Ok(0), |mut row| row.take::<i64>("many"))?;
        if many > 0 {
            found.insert(format!("{table}.{column}"), many);
        }
    }
    Ok(found)
}

async fn looked(app: &TestApp, workspace: &str) -> BTreeMap<String, i64> {
    let workspace: WorkspaceId = workspace.parse().unwrap();
    app.db().read(workspace, |rx, workspace| Box::pin(traces(rx, *workspace))).await.unwrap()
}

testkit::on_both! {
    async fn nothing_is_left_of_a_deleted_workspace(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let (app, owner, other) = (&house.app, &house.owner, &house.other);
        let administrator = app.administrator().await;
        let _ = other.post("/api/v1/status/events", json!({"service_id": "api", "status": "degraded", "description": "x"})).await.expect(201);
        let here = format!("/api/v1/workspaces/{}", owner.workspace);
        let any = format!("/api/v1/installation/workspaces/{}", owner.workspace);
        let _ = owner.patch(format!("{here}/settings"), json!({"invitation_days": 2})).await.expect(200);
        let _ = administrator.patch(format!("{any}/limits"), json!({"members": 70})).await.expect(200);
        let before = looked(app, &owner.workspace).await;
        for table in [
            "memberships.workspace_id", "api_keys.workspace_id", "invitations.workspace_id", "workspace_roles.workspace_id",
            "workspace_settings.workspace_id", "workspace_limits.workspace_id", "workspace_transfers.workspace_id",
            "events.workspace", "status_events.workspace", "status_services.workspace", "jobs.workspace",
        ] {
            assert!(before.contains_key(table), "{table}: {before:?}");
        }
        let theirs = looked(app, &other.workspace).await;
        let _ = owner.delete(&here).await.expect(204);
        app.work().await;
        // Too early: the grace is not over.
        forget(app).await;
        let _ = administrator.get(&any).await.expect(200);
        app.clock().advance(Duration::from_hours(24 * 30));
        forget(app).await;
        assert_eq!(looked(app, &owner.workspace).await, BTreeMap::new());
        let mut left = looked(app, &other.workspace).await;
        // What happened since is not what was there before.
        left.insert("events.workspace".to_owned(), theirs["events.workspace"]);
        assert_eq!(left, theirs);
        let administrator = app.sign_in(administrator.email.clone()).await;
        administrator.get(&any).await.refused(404, "not_found");
        // Its people are people still.
        let shown = administrator.get(format!("/api/v1/people/{}", owner.id)).await.expect(200);
        assert_eq!(shown.text("status"), "active");
    }
}

/// Asks for the job and waits until it has ended.
async fn forget(app: &TestApp) {
    let by = Installation::system("a test");
    let asked = app.db().write(by.clone(), |tx, by| {
        Box::pin(async move { queue::enqueue_installation(tx, by, NewJob::new(&FORGET, &Nothing {})?).await })
    });
    let id = asked.await.unwrap();
    for _ in 0..2_000 {
        let read = app.db().read((by.clone(), id), |rx, (by, id)| {
            Box::pin(async move { queue::get(rx, by, *id).await?.ok_or_else(Error::not_found) })
        });
        let job = read.await.unwrap();
        match job.state {
            queue::State::Done => return,
            queue::State::Failed | queue::State::Cancelled => panic!("{:?}", job.error),
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("the job did not end");
}
