//! A private Redis server: started, killed, started again and gone.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::watchdog::Watchdog;
use crate::{Folder, free_port};

const START_LIMIT: Duration = Duration::from_secs(20);

/// A Redis on a loopback port that keeps nothing on disk: after [`Redis::kill`] it begins empty.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    password: Option<String>,
    /// A port for TLS, with the files of its certificate and its key.
    tls: Option<(u16, PathBuf, PathBuf)>,
    running: Mutex<Option<Child>>,
    // Field order is drop order: the watchdog ends what still runs before the folder goes.
    _watchdog: Watchdog,
    folder: Folder,
}

impl Redis {
    /// Starts a server that asks nobody who he is.
    pub fn start() -> Self {
        Self::make(None, None)
    }

    /// Starts a server that speaks TLS as well, on a port of its own.
    pub fn with_tls(certificate: &Path, key: &Path) -> Self {
        Self::make(None, Some((certificate.to_owned(), key.to_owned())))
    }

    /// Starts a server that wants a password.
    pub fn with_password(password: &str) -> Self {
        Self::make(Some(password.to_owned()), None)
    }

    fn make(password: Option<String>, tls: Option<(PathBuf, PathBuf)>) -> Self {
        let folder = Folder::new();
        fs::create_dir(folder.join("data")).expect("a new folder takes a folder");
        let watchdog = Watchdog::over(folder.path()).expect("sh starts");
        let tls = tls.map(|(certificate, key)| (0, certificate, key));
        let mut server =
            Self { port: 0, password, tls, running: Mutex::new(None), _watchdog: watchdog, folder };
        // Another process may take the port between looking and listening.
        for _ in 0..5 {
            server.port = free_port();
            if let Some((port, ..)) = &mut server.tls {
                *port = free_port();
            }
            if server.launch().is_ok() {
                return server;
            }
        }
        let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
        panic!("no private Redis (scripts/setup.sh installs redis-server); its log:\n{log}");
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, without the password.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// The address that is spoken to over TLS.
    ///
    /// # Panics
    /// When the server was started without it.
    pub fn url_over_tls(&self) -> String {
        let (port, ..) = self.tls.as_ref().expect("the server was started with TLS");
        format!("rediss://127.0.0.1:{port}/0")
    }

    /// The address by way of a proxy.
    pub fn url_through(&self, proxy: &crate::Proxy) -> String {
        format!("redis://127.0.0.1:{}/0", proxy.port())
    }

    /// Ends it at once, as `kill -9` does. What it held is gone.
    pub fn kill(&self) {
        let child = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the port it had, empty.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        self.launch().expect("a Redis that ran before runs again");
    }

    /// Sends one command and gives back the beginning of its answer, as Redis wrote it.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn say(&self, words: &[&str]) -> String {
        self.ask(words).expect("Redis answers")
    }

    fn ask(&self, words: &[&str]) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        if let Some(password) = &self.password {
            said(&mut stream, &["AUTH", password])?;
        }
        said(&mut stream, words)
    }

    fn launch(&self) -> io::Result<()> {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log"))?;
        let data = self.folder.join("data");
        let mut command = Command::new("redis-server");
        command.arg("--port").arg(self.port.to_string()).args(["--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "no", "--daemonize", "no"]);
        command.arg("--dir").arg(&data);
        if let Some(password) = &self.password {
            command.args(["--requirepass", password]);
        }
        if let Some((port, certificate, key)) = &self.tls {
            command.args(["--tls-auth-clients", "no", "--tls-port", &port.to_string()]);
            command.arg("--tls-cert-file").arg(certificate).arg("--tls-key-file").arg(key);
            command.arg("--tls-ca-cert-file").arg(certificate);
        }
        let child = command
            .current_dir(&data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()?;
        // For the watchdog, which looks for the server of a folder there.
        fs::write(data.join("server.pid"), child.id().to_string())?;
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let began = Instant::now();
        while !self.ask(&["PING"]).is_ok_and(|answer| answer.starts_with("+PONG")) {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            let ended = running.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            if ended || began.elapsed() > START_LIMIT {
                return Err(io::Error::other("it ended, or does not answer"));
            }
            drop(running);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_file(self.folder.join("data/server.pid"));
    }
}

fn said(stream: &mut TcpStream, words: &[&str]) -> io::Result<String> {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.extend([&format!("${}\r\n", word.len()), *word, "\r\n"]);
    }
    stream.write_all(text.as_bytes())?;
    let mut answer = [0; 16 * 1024];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}
