//! Celery with Redis, prefork, `acks_late`, results and starts kept: `bench/peers/celery_jobs.py` asks and measures.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use super::Jobs;
use crate::place::Place;
use crate::process::{Server, output};

/// `everysec` is what Redis takes when it appends at all; `always` is what a durable commit would be compared with.
pub fn celery(place: &Place, fsync: &str, span: Duration) -> Jobs {
    let folder = place.folder("celery");
    let (log, redis) = (folder.join("log"), SocketAddr::from(([127, 0, 0, 1], peers::free_port())));
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", fsync]);
    command.arg("--port").arg(redis.port().to_string()).arg("--dir").arg(&folder);
    let mut server = Server::start(&mut command, &log);
    server.listens(redis, &log);
    let mut command = Command::new(place.python.join("bin/python"));
    command.arg("celery_jobs.py").arg(span.as_secs_f64().to_string()).current_dir(place.here.join("peers"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("BENCH_REDIS", format!("redis://{redis}/0"));
    let said = output(&mut command);
    let line = said.lines().last().unwrap_or_default();
    let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [enqueued, done, p50, p99, paced] = numbers[..] else { panic!("celery_jobs.py printed {said}") };
    Jobs {
        name: "Celery + Redis, prefork".into(),
        durability: format!("appendfsync {fsync}"),
        enqueued,
        done,
        p50,
        p99,
        paced,
    }
}
