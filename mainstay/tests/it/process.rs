//! Starting the binary and asking it things.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The binary, with nothing of ours in its environment.
pub(crate) fn mainstay(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    Ran::from(mainstay(arguments).output().unwrap())
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A data folder that only its owner may use.
pub(crate) fn folder() -> tempfile::TempDir {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    tempfile::Builder::new().prefix("mainstay").permissions(mode).tempdir().unwrap()
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
    said: Arc<Mutex<String>>,
    listens: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts one on the folder, with more arguments and variables, and does not wait.
    pub(crate) fn spawn(data: &Path, more: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::spawn_as("serve", data, more, variables)
    }

    /// The same for another command that stays.
    pub(crate) fn spawn_as(command: &str, data: &Path, more: &[&str], variables: &[(&str, &str)]) -> Self {
        let port = peers::free_port();
        let (data, listen) = (data.to_str().unwrap(), format!("127.0.0.1:{port}"));
        let mut command = mainstay(&[command, "--data", data, "--listen", &listen]);
        command.args(more).envs(variables.iter().copied());
        Self::launch(command, port)
    }

    /// A server that may have so many files and sockets open.
    pub(crate) fn spawn_within(files: u32, data: &Path, variables: &[(&str, &str)]) -> Self {
        let port = peers::free_port();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "ulimit -n \"$1\" && shift && exec \"$@\"", "sh", &files.to_string()]);
        command.args([env!("CARGO_BIN_EXE_mainstay"), "serve", "--data", data.to_str().unwrap()]);
        command.args(["--listen", &format!("127.0.0.1:{port}")]).env_clear().stdin(Stdio::null());
        command.envs(variables.iter().copied());
        Self::launch(command, port)
    }

    fn launch(mut command: Command, port: u16) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (mut from, into) = (child.stderr.take().unwrap(), Arc::clone(&said));
        let listens = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = from.read(&mut bytes) {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..n]));
            }
        });
        Self { child, port, said, listens: Some(listens) }
    }

    /// Starts one and waits until it is ready.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        let server = Self::spawn(data, more, &[]);
        server.wait_ready();
        server
    }

    pub(crate) fn wait_ready(&self) {
        self.wait_for("/ready", |answer| answer.starts_with("HTTP/1.1 200"));
    }

    pub(crate) fn wait_for(&self, path: &str, good: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            if let Some(answer) = self.get(path)
                && good(&answer)
            {
                return answer;
            }
            assert!(began.elapsed() < PATIENCE, "{path} was never as wanted\n{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The whole answer, if there is one.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        self.ask("GET", path, &[], "")
    }

    /// Any request; the whole answer, if there is one.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if method != "GET" {
            head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        write!(stream, "{head}\r\n{body}").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }

    /// What it has printed on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for its end and answers with code and standard error.
    pub(crate) fn end(mut self) -> (i32, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE + Duration::from_secs(10), "it does not end\n{}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        };
        // It has printed everything now; the other side has to have read it.
        let _ = self.listens.take().map(std::thread::JoinHandle::join);
        (status.code().unwrap_or(-1), self.said())
    }

    pub(crate) fn stop(self) -> (i32, String) {
        self.signal("-TERM");
        self.end()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
