//! Two nodes on one PostgreSQL: one behind the proxy, one that reaches it directly and tells what really happened.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use peers::{Database, Proxy};

use crate::process::{Server, folder, mainstay};

pub(crate) const PASSWORD: &str = "a long enough passphrase";
pub(crate) const OWNER: &str = "owner@example.test";
pub(crate) const EVENTS: &str = "/api/v1/status/events";
/// The deadline that the nodes are given, and what a busy machine may take on top before a request counts as late.
pub(crate) const DEADLINE: Duration = Duration::from_millis(800);
const GRACE: Duration = Duration::from_millis(1200);
/// How soon everything is well again once the way is free.
pub(crate) const RECOVERY: Duration = Duration::from_secs(5);

/// Of every node: cheap passwords, and limits that only the tests of limits meet.
const COMMON: &[(&str, &str)] = &[
    ("MAINSTAY_SERVER_SECRET", "the one secret of both nodes, long enough"),
    ("MAINSTAY_SERVER_REQUEST_DEADLINE", "800ms"),
    ("MAINSTAY_IDENTITY_PASSWORD_MEMORY_KIB", "64"),
    ("MAINSTAY_LIMITS_SIGNED_IN", "1000000"),
    ("MAINSTAY_LIMITS_ANONYMOUS", "1000000"),
    // One for reads and one for writes: one that leaks is missed at once, and a conversation is the same every time.
    ("MAINSTAY_DATABASE_POOL", "2"),
    // A full sweep takes longer than a token is good for by itself.
    ("MAINSTAY_IDENTITY_ACCESS_TOKEN_LIFE", "1h"),
    // Jobs are tried elsewhere, and talk all the time.
    ("MAINSTAY_JOBS_WORK", "false"),
];

/// What a promise found wrong.
pub(crate) type Found = Result<(), String>;

/// An answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

pub(crate) struct Ground {
    pub(crate) node: Server,
    pub(crate) direct: Server,
    pub(crate) proxy: Proxy,
    pub(crate) bearer: String,
    _kept: ([tempfile::TempDir; 2], Database),
}

impl Ground {
    /// `more` is for the node behind the proxy.
    pub(crate) fn start(more: &[(&str, &str)]) -> Self {
        let database = peers::postgres().fresh_database();
        let proxy = Proxy::to(peers::postgres().port());
        let port = |port: u16| format!(":{port}/");
        let through = database.url.replace(&port(peers::postgres().port()), &port(proxy.port()));
        let folders = [folder(), folder()];
        let straight = [COMMON, &[("MAINSTAY_DATABASE_URL", database.url.as_str())]].concat();
        administrator(folders[0].path(), &straight);
        let direct = Server::spawn(folders[0].path(), &[], &straight);
        direct.wait_ready();
        let broken = [COMMON, &[("MAINSTAY_DATABASE_URL", through.as_str())], more].concat();
        let node = Server::spawn(folders[1].path(), &[], &broken);
        node.wait_ready();
        let bearer = bearer(&direct);
        Self { node, direct, proxy, bearer, _kept: (folders, database) }
    }

    /// Reports a status under an idempotency key, which is `name` without what a key may not hold.
    pub(crate) fn write(&self, name: &str) -> Answer {
        let key = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        self.report(&[("idempotency-key", &key)])
    }

    /// Reports a status.
    pub(crate) fn report(&self, more: &[(&str, &str)]) -> Answer {
        let json = ("content-type", "application/json");
        let headers = [&[("authorization", self.bearer.as_str()), json], more].concat();
        let body = r#"{"service_id": "api", "status": "degraded", "description": "What is going on."}"#;
        ask(&self.node, "POST", EVENTS, &headers, body)
    }

    pub(crate) fn read(&self) -> Answer {
        ask(&self.node, "GET", EVENTS, &[("authorization", &self.bearer)], "")
    }

    /// How many reports there really are.
    pub(crate) fn total(&self) -> u64 {
        let path = format!("{EVENTS}?page_size=1");
        let began = Instant::now();
        loop {
            let list = ask(&self.direct, "GET", &path, &[("authorization", &self.bearer)], "");
            let total = list.text.split_once("\"total\":").map(|(_, rest)| rest);
            let digits = total.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
            if let Some(total) = digits.and_then(|digits| digits.parse().ok()) {
                return total;
            }
            assert!(began.elapsed() < RECOVERY, "the direct node does not tell: {}", list.text);
        }
    }

    /// Lives, and answers what needs no database.
    pub(crate) fn lives(&self) -> Found {
        for path in ["/health", "/api/v1/openapi.json"] {
            let answer = ask(&self.node, "GET", path, &[], "");
            if answer.status != 200 || answer.late() {
                return Err(format!(
                    "{path} while the database is away: {} after {:?}",
                    answer.status, answer.took
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn ready(&self, status: u16, within: Duration) -> Result<String, String> {
        let began = Instant::now();
        loop {
            let answer = ask(&self.node, "GET", "/ready", &[], "");
            if answer.status == status {
                return Ok(answer.text);
            }
            if began.elapsed() > within {
                return Err(format!("/ready is not {status} after {within:?}: {}", answer.text));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Asks again until it was done, as a client does with what the answer left open.
pub(crate) fn until_done(ask: impl Fn() -> Answer) -> Found {
    let began = Instant::now();
    loop {
        let answer = ask();
        match answer.status {
            200 | 201 => return Ok(()),
            409 | 503 | 504 => {}
            _ => return Err(format!("asked again: {}", answer.text)),
        }
        if began.elapsed() > RECOVERY {
            return Err(format!("not well again within {RECOVERY:?}: {}", answer.text));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Answer {
    pub(crate) fn late(&self) -> bool {
        self.took > DEADLINE + GRACE
    }

    /// In time, and either done or one of the two words for "not now".
    pub(crate) fn sound(&self, when: &str) -> Found {
        if self.late() {
            return Err(format!("{when}: answered after {:?}", self.took));
        }
        match self.status {
            503 if !self.text.contains("retry-after:") => {
                Err(format!("{when}: does not say when: {}", self.text))
            }
            200 | 201 | 503 | 504 => Ok(()),
            // It ran again by itself while the server still held what the lost connection had begun.
            409 if self.text.contains("idempotency_in_flight") => Ok(()),
            _ => Err(format!("{when}: {}", self.text)),
        }
    }
}

pub(crate) fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let began = Instant::now();
    let text = server.ask(method, path, headers, body).unwrap_or_default();
    let status = text.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    Answer { status, text, took: began.elapsed() }
}

/// Signs in and shows the whole answer.
pub(crate) fn sign_in(server: &Server, email: &str, password: &str) -> Answer {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("username={email}&password={}", password.replace(' ', "+"));
    ask(server, "POST", "/api/v1/auth/token", &form, &body)
}

pub(crate) fn bearer(server: &Server) -> String {
    let answer = sign_in(server, OWNER, PASSWORD);
    let (_, rest) =
        answer.text.split_once("\"access_token\":\"").unwrap_or_else(|| panic!("{}", answer.text));
    format!("Bearer {}", rest.split('"').next().unwrap())
}

/// An administrator in a folder that no server uses yet.
pub(crate) fn administrator(data: &Path, variables: &[(&str, &str)]) {
    let data = data.to_str().unwrap();
    let mut child = mainstay(&["admin", "create", "--email", OWNER, "--password-stdin", "--data", data])
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{PASSWORD}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
