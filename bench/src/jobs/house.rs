//! `kernel/queue` in this process: the same code that the binary runs, with a kind that finishes at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use db::Db;
use queue::{Finished, Job, Kind, NewJob, Options, Queue};
use serde::{Deserialize, Serialize};
use tasks::TaskGroup;
use types::Result;

use super::Jobs;
use crate::load::{CLIENTS, Latencies};
use crate::raw::open;
use crate::raw::scope;
use crate::targets::Durability;

/// Jobs a second when the way to the start of one is measured.
const PACED: f64 = 500.0;

#[derive(Serialize, Deserialize)]
struct Nothing {
    /// Microseconds after the start of the run at which it was asked for.
    asked: u64,
}

struct Seen {
    began: Instant,
    done: AtomicU64,
    pickups: Mutex<Latencies>,
}

static NOTHING: Kind<Nothing> =
    Kind { concurrency: 256, ..Kind::new("bench.nothing", |job, nothing| Box::pin(run(job, nothing))) };

async fn run(job: Job, nothing: Nothing) -> Result<Finished> {
    let seen = job.context::<Arc<Seen>>()?.clone();
    let took = seen.began.elapsed().saturating_sub(Duration::from_micros(nothing.asked));
    seen.pickups.lock().expect("the list").add(took);
    let finished = job.done().await;
    seen.done.fetch_add(1, Ordering::Relaxed);
    finished
}

fn job(seen: &Seen, told: bool) -> NewJob {
    let asked = seen.began.elapsed().as_micros() as u64;
    let job = NewJob::new(&NOTHING, &Nothing { asked }).expect("JSON");
    if told { job } else { job.quiet() }
}

/// `told`: whether the journal hears of each job too, as it does of what people ask for.
pub fn house(url: &str, folder: &Path, durability: Durability, told: bool, span: Duration) -> Jobs {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let db = open(url, folder, durability).await;
        db.migrate(&[journal::MIGRATIONS, queue::MIGRATIONS]).await.expect("the tables");
        let seen =
            Arc::new(Seen { began: Instant::now(), done: AtomicU64::new(0), pickups: Mutex::default() });
        let (asked, enqueued) = enqueue(&db, &seen, told, span).await;
        let tasks = TaskGroup::new();
        let from = Instant::now();
        Queue::start(&db, &tasks, vec![NOTHING.registered()], Arc::clone(&seen), Options::default())
            .await
            .expect("a queue");
        while seen.done.load(Ordering::Relaxed) < asked {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let done = asked as f64 / from.elapsed().as_secs_f64();
        *seen.pickups.lock().expect("the list") = Latencies::default();
        pace(&db, &seen, told, span, asked).await;
        tasks.shutdown(Duration::from_secs(10)).await;
        db.close().await;
        let pickups = std::mem::take(&mut *seen.pickups.lock().expect("the list")).sorted();
        let (engine, durability) = if url == "sqlite" {
            ("SQLite", durability.word())
        } else {
            ("PostgreSQL", "fsync on, synchronous_commit on")
        };
        Jobs {
            name: format!("Mainstay's queue, {engine}{}", if told { ", told to the journal" } else { "" }),
            durability: durability.into(),
            enqueued,
            done,
            p50: pickups.quantile(0.5),
            p99: pickups.quantile(0.99),
            paced: PACED,
        }
    })
}

/// How many were asked for, and how many a second.
async fn enqueue(db: &Db, seen: &Arc<Seen>, told: bool, span: Duration) -> (u64, f64) {
    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (db, seen) = (db.clone(), Arc::clone(seen));
            tokio::spawn(async move {
                let mut count = 0;
                while began.elapsed() < span {
                    one(&db, &seen, told).await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut asked = 0;
    for client in clients {
        asked += client.await.expect("a client");
    }
    (asked, asked as f64 / began.elapsed().as_secs_f64())
}

async fn one(db: &Db, seen: &Seen, told: bool) {
    let args = (scope(), job(seen, told));
    let write = db.write(args, |tx, (scope, job)| {
        Box::pin(async move { queue::enqueue(tx, scope, job.clone()).await.map(drop) })
    });
    write.await.expect("a commit");
}

/// Asks by the clock, and waits for the last.
async fn pace(db: &Db, seen: &Arc<Seen>, told: bool, span: Duration, before: u64) {
    let count = (PACED * span.as_secs_f64()) as u64;
    let mut every = tokio::time::interval(Duration::from_secs_f64(1.0 / PACED));
    for _ in 0..count {
        every.tick().await;
        let (db, seen) = (db.clone(), Arc::clone(seen));
        tokio::spawn(async move { one(&db, &seen, told).await });
    }
    while seen.done.load(Ordering::Relaxed) < before + count {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
