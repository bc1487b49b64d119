//! Mail servers: one that does what a test says, good or bad, and aiosmtpd as a real one.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The mail is taken.
    Take,
    /// The recipient is answered like this.
    Recipient(&'static str),
    /// The mail is answered like this, and not kept.
    Mail(&'static str),
    /// Nothing is answered after the greeting.
    Hang,
    /// The connection breaks while the mail is on its way.
    DropInData,
    /// The mail is kept, and the connection breaks before the answer.
    DropAnswer,
    /// Lines without end.
    EndlessLines,
    /// A line without end.
    EndlessLine,
    /// Offers STARTTLS, and somebody on the way adds answers of his own.
    Inject,
    /// Offers STARTTLS, and then has no TLS.
    NoTls,
}

#[derive(Default)]
struct Kept {
    turns: VecDeque<Turn>,
    mails: Vec<String>,
    heard: Vec<String>,
    connections: usize,
}

/// Speaks without TLS. Ends with the runtime of its test.
pub struct Smtp {
    pub address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl Smtp {
    /// Each connection has its turn; those after the last are taken.
    pub async fn start(turns: &[Turn]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let kept = Arc::new(Mutex::new(Kept { turns: turns.iter().copied().collect(), ..Kept::default() }));
        let ours = Arc::clone(&kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&ours);
                let turn = {
                    let mut kept = kept.lock().expect("nobody panicked");
                    kept.connections += 1;
                    kept.turns.pop_front().unwrap_or(Turn::Take)
                };
                tokio::spawn(async move {
                    // Whoever hangs up is none of our business.
                    let _ = converse(stream, turn, &kept).await;
                });
            }
        });
        Self { address, kept }
    }

    /// The mails, whole, in the order in which they came.
    pub fn mails(&self) -> Vec<String> {
        self.kept.lock().expect("nobody panicked").mails.clone()
    }

    /// Every line of a client, but for the mails.
    pub fn heard(&self) -> Vec<String> {
        self.kept.lock().expect("nobody panicked").heard.clone()
    }

    pub fn connections(&self) -> usize {
        self.kept.lock().expect("nobody panicked").connections
    }

    /// Waits until so many mails are there.
    pub async fn until(&self, mails: usize) -> Vec<String> {
        for _ in 0..400 {
            let there = self.mails();
            if there.len() >= mails {
                return there;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} of {mails} mails came in 20 s", self.mails().len());
    }
}

async fn converse(stream: TcpStream, turn: Turn, kept: &Mutex<Kept>) -> std::io::Result<()> {
    let mut stream = tokio::io::BufReader::new(stream);
    stream.write_all(b"220 a server of a test\r\n").await?;
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        kept.lock().expect("nobody panicked").heard.push(line.clone());
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match (word.as_str(), turn) {
            (_, Turn::Hang) => return silent(stream).await,
            ("EHLO", Turn::EndlessLines) => return endless(stream, b"250-and another thing\r\n").await,
            ("EHLO", Turn::EndlessLine) => return endless(stream, b"250-and another thing").await,
            ("EHLO", Turn::Inject | Turn::NoTls) => "250-test\r\n250 STARTTLS",
            ("STARTTLS", Turn::Inject) => "220 go\r\n250-test\r\n250 AUTH PLAIN",
            ("STARTTLS", _) => "220 go",
            ("EHLO", _) => "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME",
            ("RCPT", Turn::Recipient(answer)) => answer,
            ("MAIL" | "RCPT" | "RSET" | "NOOP", _) => "250 fine",
            ("DATA", _) => {
                stream.write_all(b"354 go on\r\n").await?;
                if turn == Turn::DropInData {
                    stream.read_u8().await?;
                    return Ok(());
                }
                let mail = mail(&mut stream).await?;
                if let Turn::Mail(answer) = turn {
                    answer
                } else {
                    kept.lock().expect("nobody panicked").mails.push(mail);
                    if turn == Turn::DropAnswer {
                        return Ok(());
                    }
                    "250 taken as 7"
                }
            }
            ("QUIT", _) => {
                return stream.write_all(b"221 bye\r\n").await;
            }
            _ => "500 what?",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn mail(stream: &mut tokio::io::BufReader<TcpStream>) -> std::io::Result<String> {
    let mut whole = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(whole);
        }
        let _ = write!(whole, "{}", line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn silent(mut stream: tokio::io::BufReader<TcpStream>) -> std::io::Result<()> {
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

async fn endless(mut stream: tokio::io::BufReader<TcpStream>, part: &[u8]) -> std::io::Result<()> {
    let part = part.repeat(100);
    loop {
        stream.write_all(&part).await?;
    }
}

const SCRIPT: &str = include_str!("smtp.py");

/// aiosmtpd, in the Python of the tests (`scripts/setup.sh`). It ends with this process.
pub struct Aiosmtpd {
    pub port: u16,
    child: Child,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Aiosmtpd {
    /// With a certificate and its key, as files; TLS from the first byte, or by STARTTLS. It wants the user `user` and the
    /// password `a password`.
    pub fn start(certificate: &Path, key: &Path, implicit: bool) -> Self {
        let mut child = Command::new(crate::python())
            .args(["-c", SCRIPT])
            .args([certificate, key])
            .arg(if implicit { "implicit" } else { "starttls" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It tells of every client that hangs up.
            .stderr(Stdio::null())
            .spawn()
            .expect("the Python of the tests: run scripts/setup.sh");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next().and_then(Result::ok);
        let port = first.and_then(|line| line.parse().ok()).expect("aiosmtpd starts: run scripts/setup.sh");
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().expect("nobody panicked").push(line);
            }
        });
        Self { port, child, mails }
    }

    /// What came: the user, whether TLS was on, and the mail, as one JSON object each.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("nobody panicked").clone()
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
