//! FastAPI with SQLAlchemy on SQLite under uvicorn: `bench/peers/fastapi_app.py`.

use std::process::Command;

use super::{Durability, Target, local, log_in};
use crate::place::Place;
use crate::process::Server;

pub fn fastapi(place: &Place, durability: Durability, workers: u32) -> Target {
    let folder = place.folder("fastapi");
    let (address, log) = (local(), log_in(&folder));
    let mut command = Command::new(place.python.join("bin/uvicorn"));
    command.args(["fastapi_app:app", "--no-access-log", "--log-level", "warning", "--host", "127.0.0.1"]);
    command.arg("--port").arg(address.port().to_string()).arg("--workers").arg(workers.to_string());
    command.arg("--app-dir").arg(place.here.join("peers"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("BENCH_DATABASE", folder.join("fastapi.db")).env("BENCH_SYNCHRONOUS", durability.word());
    let mut server = Server::start(&mut command, &log);
    server.listens(address, &log);
    // With several workers the port listens before they do.
    std::thread::sleep(std::time::Duration::from_secs(2));
    Target {
        name: format!(
            "FastAPI + SQLAlchemy + SQLite, {workers} worker{}",
            if workers == 1 { "" } else { "s" }
        ),
        durability: durability.word().into(),
        address,
        path: "/events".into(),
        headers: vec![("authorization", "Bearer bench-token-of-one-user".into())],
        keyed: true,
        pids: vec![server.pid()],
        _server: server,
    }
}
