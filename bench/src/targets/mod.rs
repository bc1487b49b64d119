//! What is measured over HTTP: each a process of its own, with one way to create and one to read.

mod bare;
mod fastapi;
mod mainstay;
mod pocketbase;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Full;
use serde_json::Value;

use crate::load::{CLIENTS, Request, ask};
use crate::process::Server;

pub use bare::{bare, serve as serve_bare};
pub use fastapi::fastapi;
pub use mainstay::{Engine, Mainstay, mainstay, refresh_token};
pub use pocketbase::pocketbase;

/// How durable a commit is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    Full,
    Normal,
}

impl Durability {
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
        }
    }
}

pub struct Target {
    pub name: String,
    pub durability: String,
    pub address: SocketAddr,
    /// Where things are created; one is read below it.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    /// Whether it keeps replies under `Idempotency-Key`.
    pub keyed: bool,
    /// Whose CPU time counts.
    pub pids: Vec<u32>,
    pub _server: Server,
}

impl Target {
    pub fn create(&self) -> Request {
        let (path, headers, keyed) = (self.path.clone(), self.headers.clone(), self.keyed);
        let run = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        Arc::new(move |client, number| {
            let body = format!(
                r#"{{"service_id":"bench-{client}","status":"degraded","description":"slow answers since the morning"}}"#
            );
            let mut request = http::Request::post(&path)
                .header("host", "localhost")
                .header("content-type", "application/json");
            if keyed {
                request = request.header("idempotency-key", format!("bench-{run}-{number}"));
            }
            for (name, value) in &headers {
                request = request.header(*name, value);
            }
            request.body(Full::from(body)).expect("a request")
        })
    }

    /// Makes something to read first.
    pub fn read(&self) -> Request {
        self.read_with(self.headers.clone())
    }

    /// The same read by somebody who says nothing of who he is.
    pub fn visit(&self) -> Request {
        self.read_with(Vec::new())
    }

    fn read_with(&self, headers: Vec<(&'static str, String)>) -> Request {
        let create = self.create();
        let ids: Vec<String> = (0..500)
            .map(|n| {
                let (status, body) = ask(self.address, create(n % CLIENTS, n as u64 | 1 << 40));
                assert!(
                    status == 200 || status == 201,
                    "{}: {status} {}",
                    self.name,
                    String::from_utf8_lossy(&body)
                );
                let body: Value = serde_json::from_slice(&body).expect("JSON");
                body["id"].as_str().expect("an id").to_owned()
            })
            .collect();
        let path = self.path.clone();
        Arc::new(move |_, number| {
            let id = &ids[number as usize * 7 % ids.len()];
            let mut request = http::Request::get(format!("{path}/{id}")).header("host", "localhost");
            for (name, value) in &headers {
                request = request.header(*name, value);
            }
            request.body(Full::default()).expect("a request")
        })
    }
}

fn local() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], peers::free_port()))
}

/// Posts and wants an answer in JSON.
fn post(to: SocketAddr, path: &str, media: &str, token: Option<&str>, body: String) -> Value {
    let mut request = http::Request::post(path).header("host", "localhost").header("content-type", media);
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let (status, reply): (u16, Bytes) = ask(to, request.body(Full::from(body)).expect("a request"));
    assert!(status < 300, "{path}: {status} {}", String::from_utf8_lossy(&reply));
    serde_json::from_slice(&reply).unwrap_or(Value::Null)
}

fn log_in(folder: &Path) -> std::path::PathBuf {
    folder.join("log")
}
