//! The real server, with strace around it.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crash::{Answer, Client};

use crate::act::CALLS;

const EMAIL: &str = "owner@example.test";
const PASSWORD: &str = "a long passphrase 42";

/// A fault that strace puts in: which calls, and what becomes of which of them.
#[derive(Clone, Debug)]
pub struct Inject(pub String);

/// A process of the server. Killed when it is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    data: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts one on the folder, recorded into `record` if there is one, and does not wait.
    ///
    /// # Panics
    /// When strace may not do its work on this machine: then the promise can not be shown here.
    pub fn spawn(data: &Path, record: Option<(&Path, &[Inject])>, variables: &[(&str, &str)]) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, peers::free_port()));
        let log = data.parent().expect("the data lies on a disk").with_extension("log");
        let said = File::options().create(true).append(true).open(&log).expect("the folder takes a log");
        let mut command = Command::new("setpriv");
        // The kernel ends strace with the thread that started it, and the server with strace.
        command.args(["--pdeathsig", "KILL", "--"]);
        if let Some((record, inject)) = record {
            require_strace();
            command.args(["strace", "-f", "-y", "-xx", "-s", "1000000"]);
            command.args(["-e", &format!("trace={CALLS}"), "-o"]).arg(record);
            for Inject(what) in inject {
                command.args(["-e", &format!("inject={what}")]);
            }
            command.args(["setpriv", "--pdeathsig", "KILL", "--"]);
        }
        let child = command
            .arg(crash::binary())
            .args(["serve", "--data"])
            .arg(data)
            .args(["--listen", &address.to_string()])
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .envs([("MAINSTAY_LIMITS_SIGNED_IN", "1000000"), ("MAINSTAY_LIMITS_ANONYMOUS", "1000000")])
            .env("MAINSTAY_LOG_LEVEL", "warn")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .expect("setpriv starts");
        Self { child, address, data: data.to_owned(), log }
    }

    /// Whether it became ready; otherwise it ended by itself, and this is its code.
    ///
    /// # Panics
    /// When it does neither.
    pub fn wait_ready(&mut self) -> Result<(), i32> {
        let began = Instant::now();
        loop {
            if self.ready() == Some(200) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait().expect("one's own child can be waited for") {
                return Err(status.code().unwrap_or(-1));
            }
            assert!(began.elapsed() < Duration::from_mins(1), "it does not become ready\n{}", self.said());
            sleep(Duration::from_millis(10));
        }
    }

    /// What `/ready` answers.
    pub fn ready(&self) -> Option<u16> {
        self.get("/ready", &[]).map(|answer| answer.status)
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Option<Answer> {
        Client::new(self.address).ask("GET", path, headers, "").ok()
    }

    /// Makes the first administrator over HTTP.
    pub fn set_up(&self) {
        let mut link = Command::new(crash::binary());
        let link = link.args(["setup-link", "--data"]).arg(&self.data).env_clear().output();
        let link = String::from_utf8_lossy(&link.expect("the binary starts").stdout).into_owned();
        let (_, token) = link.split_once("token=").unwrap_or_else(|| panic!("no link\n{}", self.said()));
        // A planted fault may have answered before it was done.
        sleep(Duration::from_millis(200));
        let body = format!(
            r#"{{"token": "{}", "email": "{EMAIL}", "password": "{PASSWORD}", "workspace": "Main"}}"#,
            token.trim()
        );
        let json = [("content-type", "application/json")];
        let made = Client::new(self.address).ask("POST", "/api/v1/setup", &json, &body).expect("an answer");
        assert_eq!(made.status, 201, "{}", made.body);
        sleep(Duration::from_millis(200));
    }

    /// What a request has to carry in `authorization`.
    ///
    /// # Panics
    /// When nobody can sign in.
    pub fn sign_in(&self) -> String {
        self.try_sign_in().unwrap_or_else(|answer| panic!("{answer:?}\n{}", self.said()))
    }

    /// The same, or the answer that says no.
    ///
    /// # Errors
    /// When it was answered with anything else than a token.
    pub fn try_sign_in(&self) -> Result<String, Answer> {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let body = format!("username={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let answer = Client::new(self.address).ask("POST", "/api/v1/auth/token", &form, &body);
        let answer = answer.unwrap_or_else(|error| panic!("{error}\n{}", self.said()));
        sleep(Duration::from_millis(200));
        match answer.json()["access_token"].as_str() {
            Some(token) => Ok(format!("Bearer {token}")),
            None => Err(answer),
        }
    }

    /// `kill -9` for the server; strace ends with it and has written everything then.
    pub fn kill(mut self) {
        for pid in self.processes() {
            let _ = Command::new("kill").args(["-KILL", &pid]).stderr(Stdio::null()).status();
        }
        let _ = self.child.wait();
    }

    /// SIGTERM for the server, and its code.
    pub fn stop(mut self) -> i32 {
        for pid in self.processes() {
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
        }
        self.child.wait().expect("one's own child can be waited for").code().unwrap_or(-1)
    }

    /// Waits until it ended by itself.
    pub fn wait_end(&mut self) -> i32 {
        self.child.wait().expect("one's own child can be waited for").code().unwrap_or(-1)
    }

    /// The server itself: strace's child, or the child.
    fn processes(&self) -> Vec<String> {
        let own = self.child.id().to_string();
        let children = format!("/proc/{own}/task/{own}/children");
        let found = std::fs::read_to_string(children).unwrap_or_default();
        let found: Vec<_> = found.split_whitespace().map(str::to_owned).collect();
        if found.is_empty() { vec![own] } else { found }
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Without the right to trace nothing is shown, and that must not look like success.
fn require_strace() {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    let why = match tried {
        Ok(tried) if tried.status.success() => return,
        Ok(tried) => String::from_utf8_lossy(&tried.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    panic!(
        "strace can not trace a process here, so P3 can not be shown on this machine: {why}\nInstall it \
         (scripts/setup.sh), and allow ptrace: in a container --cap-add SYS_PTRACE, elsewhere kernel.yama.ptrace_scope=1 or lower."
    );
}
