//! A small HTTP client: one connection that is kept, and answers read to their end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any deadline of the server.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to one address, opened when it is needed.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    open: Option<BufReader<TcpStream>>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, open: None }
    }

    /// Asks once. After an error nobody knows what became of it, and the connection is given up.
    ///
    /// # Errors
    /// When there is no connection, or it ends before the answer does.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Answer> {
        let mut connection = match self.open.take() {
            Some(open) => open,
            None => connect(self.address)?,
        };
        let mut asked = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            asked.extend([name, ": ", value, "\r\n"]);
        }
        if method != "GET" {
            asked.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        asked.extend(["\r\n", body]);
        connection.get_mut().write_all(asked.as_bytes())?;
        let answer = read(&mut connection)?;
        if answer.header("connection") != Some("close") {
            self.open = Some(connection);
        }
        Ok(answer)
    }
}

/// A connection whose reads and writes end.
pub(crate) fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// The status and the headers.
pub(crate) fn head(from: &mut impl BufRead) -> io::Result<Answer> {
    let first = line(from)?;
    let status = first.split(' ').nth(1).and_then(|text| text.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status: {first}")))?;
    let mut headers = Vec::new();
    loop {
        let line = line(from)?;
        if line.is_empty() {
            return Ok(Answer { status, headers, body: String::new() });
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

fn read(from: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut answer = head(from)?;
    let length = answer.header("content-length").and_then(|text| text.parse().ok());
    if let Some(length) = length {
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
    } else if answer.header("transfer-encoding").is_some() {
        return Err(io::Error::other("an answer in chunks"));
    }
    Ok(answer)
}

/// A line without its end; an error at the end of the connection.
pub(crate) fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 || !line.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end().len());
    Ok(line)
}
