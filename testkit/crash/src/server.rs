//! One process of the real binary.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::binary::binary;
use crate::client::Client;

const EMAIL: &str = "owner@example.test";
const PASSWORD: &str = "a long passphrase 42";

/// A server that runs. Killed when it is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    data: PathBuf,
    log: PathBuf,
}

/// Somebody who may do everything in the first workspace, by an API key.
#[derive(Clone, Debug)]
pub struct Login {
    /// The value of the header `authorization` or `x-api-key`, and which of them.
    pub header: (&'static str, String),
    pub workspace: String,
}

impl Server {
    pub(crate) fn spawn<'a>(
        data: &Path,
        log: &Path,
        variables: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, peers::free_port()));
        let said = fs::File::options().create(true).append(true).open(log).expect("the folder takes a log");
        // The kernel ends the server with the thread that started it.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(binary())
            .args(["serve", "--data"])
            .arg(data)
            .args(["--listen", &address.to_string()])
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .expect("setpriv starts");
        Self { child, address, data: data.to_owned(), log: log.to_owned() }
    }

    /// Waits until `/ready` says so; tells how long that took.
    ///
    /// # Panics
    /// When it ends instead, or takes longer than `limit`.
    pub fn wait_ready(&self, limit: Duration) -> Duration {
        let began = Instant::now();
        assert!(self.ready_or_gone(limit), "it ends before it is ready\n{}", self.said());
        began.elapsed()
    }

    /// Waits until it is ready; `false` when it ends before.
    ///
    /// # Panics
    /// When it does neither.
    pub fn ready_or_gone(&self, limit: Duration) -> bool {
        let began = Instant::now();
        while !self.is_ready() {
            if !Path::new(&format!("/proc/{}/exe", self.pid())).exists() {
                return false;
            }
            assert!(began.elapsed() < limit, "it does not become ready\n{}", self.said());
            sleep(Duration::from_millis(5));
        }
        true
    }

    pub fn is_ready(&self) -> bool {
        Client::new(self.address).ask("GET", "/ready", &[], "").is_ok_and(|answer| answer.status == 200)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(mut self) {
        self.child.kill().expect("one's own child can be killed");
        self.child.wait().expect("one's own child can be waited for");
    }

    /// Waits for an end that it brings upon itself; `None` when it lives on.
    pub fn wait_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("one's own child can be waited for") {
                return Some(status);
            }
            if began.elapsed() > limit {
                return None;
            }
            sleep(Duration::from_millis(5));
        }
    }

    /// # Panics
    /// When it is gone.
    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(told.is_ok_and(|told| told.success()), "it can not be told {name}");
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        let ended = self.wait_end(Duration::from_secs(40));
        ended.unwrap_or_else(|| panic!("it does not stop\n{}", self.said()))
    }

    /// The end of what it and those before it have said.
    pub fn said(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Does the setup over HTTP, signs in, and makes a key that never expires.
    pub fn set_up(&self) -> Login {
        let link = Command::new(binary())
            .args(["setup-link", "--data"])
            .arg(&self.data)
            .env_clear()
            .output()
            .expect("the binary starts");
        let link = String::from_utf8_lossy(&link.stdout).into_owned();
        let token = link.split_once("token=").map(|(_, token)| token.trim());
        let token = token.unwrap_or_else(|| panic!("no setup link: {link}\n{}", self.said()));
        let mut client = Client::new(self.address);
        let json = [("content-type", "application/json")];
        let body = format!(
            r#"{{"token": "{token}", "email": "{EMAIL}", "password": "{PASSWORD}", "workspace": "Main"}}"#
        );
        let made = self.expect(201, client.ask("POST", "/api/v1/setup", &json, &body));
        let form = format!("username={EMAIL}&password={}", PASSWORD.replace(' ', "+")).replace('@', "%40");
        let form_type = [("content-type", "application/x-www-form-urlencoded")];
        let signed_in = self.expect(200, client.ask("POST", "/api/v1/auth/token", &form_type, &form));
        let bearer = format!("Bearer {}", text(&signed_in, "access_token"));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let wanted = r#"{"name": "crash", "permissions": ["trials:read", "trials:write", "events:read", "status:read", "status:write"]}"#;
        let key = self.expect(201, client.ask("POST", "/api/v1/auth/api-keys", &headers, wanted));
        Login { header: ("x-api-key", text(&key, "api_key")), workspace: text(&made, "workspace_id") }
    }

    fn expect(&self, status: u16, answer: std::io::Result<crate::Answer>) -> serde_json::Value {
        match answer {
            Ok(answer) if answer.status == status => answer.json(),
            other => panic!("wanted {status}, got {other:?}\n{}", self.said()),
        }
    }
}

fn text(value: &serde_json::Value, member: &str) -> String {
    let found = value[member].as_str();
    found.unwrap_or_else(|| panic!("no {member} in {value}")).to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
