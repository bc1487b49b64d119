//! Mainstay as it is handed out: the release binary with its defaults, but for the limits of requests and a workspace that
//! visitors may look into.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Durability, Target, local, log_in, post};
use crate::place::Place;
use crate::process::Server;

const EMAIL: &str = "owner@example.test";
const PASSWORD: &str = "a long passphrase 42";

/// Where it keeps things.
pub enum Engine {
    Sqlite(Durability),
    Postgres { url: String, pid: u32 },
}

/// A data folder with an owner.
pub struct Mainstay {
    pub binary: PathBuf,
    pub folder: PathBuf,
    pub engine: Engine,
}

impl Mainstay {
    pub fn new(place: &Place, engine: Engine) -> Self {
        let this = Self { binary: place.mainstay.clone(), folder: place.folder("mainstay"), engine };
        let mut create = this.command("admin");
        create.args(["create", "--email", EMAIL, "--password-stdin", "--data"]).arg(&this.folder);
        let mut child = create
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mainstay starts");
        child.stdin.take().expect("its input").write_all(PASSWORD.as_bytes()).expect("it reads");
        assert!(child.wait().expect("it ends").success(), "mainstay admin create failed");
        this
    }

    pub fn command(&self, order: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg(order)
            .env_clear()
            .env("HOME", "/")
            .env("MAINSTAY_PUBLIC_WORKSPACE", "main")
            .env("MAINSTAY_LIMITS_SIGNED_IN", u32::MAX.to_string())
            .env("MAINSTAY_LIMITS_ANONYMOUS", u32::MAX.to_string())
            .env("MAINSTAY_LIMITS_SIGN_IN", u32::MAX.to_string())
            .env("MAINSTAY_LIMITS_REFRESH", u32::MAX.to_string());
        match &self.engine {
            Engine::Sqlite(Durability::Full) => {}
            Engine::Sqlite(Durability::Normal) => {
                command.env("MAINSTAY_DATABASE_SYNCHRONOUS", "normal");
            }
            Engine::Postgres { url, .. } => {
                command.env("MAINSTAY_DATABASE_URL", url);
            }
        }
        command
    }

    /// Starts it; it may not be ready yet.
    pub fn serve(&self, at: SocketAddr, log: &Path) -> Server {
        let mut command = self.command("serve");
        Server::start(command.arg("--data").arg(&self.folder).arg("--listen").arg(at.to_string()), log)
    }
}

pub fn mainstay(place: &Place, engine: Engine) -> Target {
    let this = Mainstay::new(place, engine);
    let (address, log) = (local(), log_in(&this.folder));
    let mut server = this.serve(address, &log);
    server.listens(address, &log);
    while crate::start::ready(address) != Some(200) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pair = sign_in(address);
    let token = pair["access_token"].as_str().expect("a token");
    let mut pids = vec![server.pid()];
    let (engine, durability) = match &this.engine {
        Engine::Sqlite(durability) => ("SQLite", durability.word().to_owned()),
        Engine::Postgres { pid, .. } => {
            pids.push(*pid);
            ("PostgreSQL", "fsync on, synchronous_commit on".into())
        }
    };
    Target {
        name: format!("Mainstay, {engine}"),
        durability,
        address,
        path: "/api/v1/status/events".into(),
        headers: vec![("authorization", format!("Bearer {token}"))],
        keyed: true,
        pids,
        _server: server,
    }
}

fn sign_in(address: SocketAddr) -> serde_json::Value {
    let form = format!("username={EMAIL}&password={}", PASSWORD.replace(' ', "+"));
    post(address, "/api/v1/auth/token", "application/x-www-form-urlencoded", None, form)
}

/// Of a session of its own.
pub fn refresh_token(address: SocketAddr) -> String {
    sign_in(address)["refresh_token"].as_str().expect("a token").to_owned()
}
