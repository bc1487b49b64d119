//! Jobs by the clock: each time once, and what was missed once.

use std::time::Duration;

use db::{Engine, params};
use queue::{NewJob, Options, Schedule};
use types::Time;

use crate::both;
use crate::place::{NOTE, Place, QUICK, Work};

const EACH_SECOND: Schedule = Schedule { name: "test.second", cron: "* * * * * *", job: asked };
const RARELY: Schedule = Schedule { name: "test.rarely", cron: "0 0 1 1 *", job: asked };

fn asked(time: Time) -> types::Result<NewJob> {
    NewJob::new(&NOTE, &Work { name: time.to_string() })
}

/// Nobody runs what is asked for: it is counted.
const IDLE: Options = Options { work: false, ..QUICK };

async fn times(place: &Place) -> Vec<String> {
    let sql = "SELECT payload FROM jobs ORDER BY payload";
    let rows = place.db.read((), move |rx, ()| Box::pin(async move { Ok(rx.rows(sql, params![]).await?) }));
    rows.await.unwrap().into_iter().map(|mut row| row.take("payload").unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_time_comes_once_on_three_nodes() {
    let place = Place::on(Engine::Postgres).await;
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let node = place.node(IDLE).await;
        node.queue.schedule(vec![EACH_SECOND]).unwrap();
        nodes.push(node);
    }
    tokio::time::sleep(Duration::from_millis(4500)).await;
    for node in nodes {
        node.stop().await;
    }
    let all = times(&place).await;
    let mut distinct = all.clone();
    distinct.dedup();
    assert!(distinct.len() == all.len() && (3..=6).contains(&all.len()), "{all:?}");
}

both! {
    async fn what_was_missed_is_caught_up_once(place) {
        let node = place.node(IDLE).await;
        node.queue.schedule(vec![RARELY]).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        node.stop().await;
        assert!(times(&place).await.is_empty());
        let sql = "UPDATE queue_schedules SET next_at = 1000";
        let long_ago = place.db.write((), move |tx, ()| Box::pin(async move { Ok(tx.execute(sql, params![]).await?) }));
        assert_eq!(long_ago.await.unwrap(), 1);
        for _ in 0..2 {
            let node = place.node(IDLE).await;
            node.queue.schedule(vec![RARELY]).unwrap();
            tokio::time::sleep(Duration::from_millis(400)).await;
            node.stop().await;
        }
        assert_eq!(times(&place).await, [r#"{"name":"1970-01-01T00:00:01.000Z"}"#]);
    }

    async fn a_schedule_that_never_comes_is_refused(place) {
        let node = place.node(IDLE).await;
        let never = Schedule { cron: "0 0 30 2 *", ..RARELY };
        assert!(node.queue.schedule(vec![never]).is_err());
        node.stop().await;
    }
}
