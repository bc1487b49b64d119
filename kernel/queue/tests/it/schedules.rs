//! Jobs by the clock: each time once, and what was missed once.

use std::time::Duration;

use db::{Engine, params};
use queue::{NewJob, Options, Schedule, State};
use types::{Clock, Time};

use crate::both;
use crate::place::{FAIL, NOTE, Place, QUICK, Work, job, workspace};

const EACH_SECOND: Schedule = Schedule { name: "test.second", cron: "* * * * * *", job: asked };
const HOURLY: Schedule = Schedule { name: "test.hourly", cron: "7 * * * *", job: asked };
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

    async fn p24_a_clock_that_was_ahead_silences_no_schedule_and_one_set_back_repeats_none(place) {
        let scheduled = |ahead: &'static str| {
            let sql = format!("UPDATE queue_schedules SET next_at = next_at + {ahead} RETURNING next_at");
            let moved = place.db.write(sql, |tx, sql| Box::pin(async move {
                Ok(tx.row(sql, params![]).await?.unwrap().take::<Time>("next_at")?)
            }));
            async move { moved.await.unwrap() }
        };
        let next = || async {
            let sql = "SELECT next_at FROM queue_schedules";
            let read = place.db.read((), move |rx, ()| Box::pin(async move {
                Ok(rx.row(sql, params![]).await?.unwrap().take::<Time>("next_at")?)
            }));
            read.await.unwrap()
        };
        let node = place.node(IDLE).await;
        node.queue.schedule(vec![HOURLY]).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let right = next().await;
        node.stop().await;
        // As if the clock had been 31 days ahead, and was then set right.
        scheduled("2678400000").await;
        let node = place.node(IDLE).await;
        node.queue.schedule(vec![HOURLY]).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(next().await.since(right) <= Duration::from_hours(1));
        node.stop().await;
        // As if it had been set back by two hours: what was asked for is not asked for again.
        let rests = scheduled("7200000").await;
        let node = place.node(IDLE).await;
        node.queue.schedule(vec![HOURLY]).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        node.stop().await;
        assert_eq!(next().await, rests);
        assert!(times(&place).await.is_empty());
    }

    async fn p24_a_clock_that_is_set_back_keeps_no_delayed_job_and_no_retry_waiting(place) {
        let (minute, day) = (Duration::from_mins(1), Duration::from_hours(24));
        let start = Time::from_millis(1_780_000_000_000);
        let clock = Clock::standing(start);
        let place = Place::by(place.db.engine(), clock.clone()).await;
        let scope = workspace();
        let node = place.node(QUICK).await;
        let delayed = place.enqueue(&scope, job(&NOTE, "delayed").after(10 * minute)).await;
        let failed = place.enqueue(&scope, job(&FAIL, "twice")).await;
        place.until_begun(1).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        for back in [Duration::from_hours(2), 31 * day] {
            clock.set(clock.now().minus(back));
            tokio::time::sleep(Duration::from_millis(400)).await;
            // It begins to wait anew, so it is neither forgotten nor early.
            assert_eq!(place.get(&scope, delayed).await.run_at, clock.now().plus(10 * minute), "{back:?}");
        }
        clock.advance(9 * minute);
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(place.get(&scope, failed).await.failures, 2);
        assert_eq!(place.get(&scope, delayed).await.state, State::Queued);
        clock.advance(2 * minute);
        place.until(&scope, delayed, State::Done).await;
        place.until(&scope, failed, State::Done).await;
        node.stop().await;
        // A node whose clock is a little behind another's changes nothing.
        let waits = place.enqueue(&scope, job(&NOTE, "waits").after(10 * minute)).await;
        let before = place.get(&scope, waits).await.run_at;
        clock.set(clock.now().minus(minute));
        let node = place.node(QUICK).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(place.get(&scope, waits).await.run_at, before);
        node.stop().await;
    }

    async fn a_schedule_that_never_comes_is_refused(place) {
        let node = place.node(IDLE).await;
        let never = Schedule { cron: "0 0 30 2 *", ..RARELY };
        assert!(node.queue.schedule(vec![never]).is_err());
        node.stop().await;
    }
}
