//! Migrations on PostgreSQL: on a connection of their own, one transaction a step, one process at a time by an advisory lock.

use tokio_postgres::Client;
use types::{Clock, Time};

use super::error;
use super::url::Server;
use crate::error::Result;
use crate::migrate::{self, Applied, HISTORY, Status, Step};
use crate::sql;

/// "mainstay" in ASCII: whoever migrates holds it.
const LOCK: i64 = 0x6d61_696e_7374_6179;

pub(super) async fn migrate(server: &Server, clock: &Clock, steps: &[Step]) -> Result<Vec<Status>> {
    let client = server.connect().await?;
    // The lock ends with the session, so a process that dies here leaves nothing behind.
    let prepare =
        format!("SET lock_timeout = '120s'; SELECT pg_advisory_lock({LOCK}); {}", sql::for_postgres(HISTORY));
    client.batch_execute(&prepare).await.map_err(error::from)?;
    let history = applied(&client).await?;
    let mut taken = Vec::new();
    for step in migrate::missing(steps, &history)? {
        let now = clock.now();
        if let Err(failure) = take(&client, step, now).await {
            client.batch_execute("ROLLBACK").await.map_err(error::from)?;
            return Err(step.failed(failure));
        }
        taken.push(step.applied(Some(now)));
    }
    Ok(taken)
}

async fn take(client: &Client, step: &Step, now: Time) -> Result<()> {
    client.batch_execute("BEGIN").await.map_err(error::from)?;
    client.batch_execute(&step.sql).await.map_err(error::from)?;
    client
        .execute(
            "INSERT INTO schema_history (system, number, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)",
            &[&step.system, &step.number, &step.name, &step.checksum, &now.as_millis()],
        )
        .await
        .map_err(error::from)?;
    client.batch_execute("COMMIT").await.map_err(error::from)
}

pub(super) async fn history(server: &Server) -> Result<Vec<Applied>> {
    let client = server.connect().await?;
    let there = client
        .query_one("SELECT to_regclass('schema_history') IS NOT NULL", &[])
        .await
        .and_then(|row| row.try_get::<_, bool>(0))
        .map_err(error::from)?;
    if there { applied(&client).await } else { Ok(Vec::new()) }
}

async fn applied(client: &Client) -> Result<Vec<Applied>> {
    let rows = client
        .query(
            "SELECT system, number, name, checksum, applied_at FROM schema_history ORDER BY system, number",
            &[],
        )
        .await
        .map_err(error::from)?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Applied {
            system: row.try_get(0)?,
            number: row.try_get(1)?,
            name: row.try_get(2)?,
            checksum: row.try_get(3)?,
            at: Time::from_millis(row.try_get(4)?),
        })
    };
    rows.iter().map(read).collect::<Result<_, tokio_postgres::Error>>().map_err(error::from)
}
