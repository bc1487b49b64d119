//! The way to the mail server, up to where the conversation about mail begins.
//!
//! Owns the connection, STARTTLS and TLS. lettre could do this as well, but it keeps what came before the handshake for
//! after it, and reads a line without end; so it is given a stream on which neither can happen.

use config::sections::{Mail, MailTls};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use types::{Error, Result};

use crate::faults::{Fault, planted};

use super::stream::{Bounded, Wire};
use super::{clean, not_configured, trust};

const LONGEST_LINE: u64 = 1024;
const MOST_LINES: usize = 100;

pub(super) struct Way {
    pub stream: Bounded,
    pub encrypted: bool,
}

pub(super) async fn connect(settings: &Mail, hello: &str) -> Result<Way> {
    let Some((host, port)) = settings.server() else { return Err(not_configured()) };
    let implicit = settings.url.as_ref().is_some_and(|url| url.scheme() == "smtps");
    let tcp =
        TcpStream::connect((host.as_str(), port)).await.map_err(|error| unreachable(&error.to_string()))?;
    if implicit {
        let stream = handshake(settings, &host, tcp).await?;
        return Ok(Way { stream: Bounded::new(stream, Vec::new()), encrypted: true });
    }
    if settings.tls == MailTls::Never {
        return Ok(Way { stream: Bounded::new(Box::new(tcp), Vec::new()), encrypted: false });
    }
    let mut plain = BufReader::new(tcp);
    let greeting = expect(&mut plain, "220").await?;
    say(&mut plain, &format!("EHLO {hello}\r\n")).await?;
    let offers = expect(&mut plain, "250").await?;
    let offered = offers.iter().any(|line| line[4..].trim().eq_ignore_ascii_case("STARTTLS"));
    if !offered && settings.tls == MailTls::Required {
        let message = "The mail server offers no STARTTLS, and mail.tls requires it.";
        return Err(Error::unavailable("mail_no_tls", message));
    }
    if offered {
        say(&mut plain, "STARTTLS\r\n").await?;
        expect(&mut plain, "220").await?;
    }
    // What was said before the handshake could have been said by anybody on the way.
    if !plain.buffer().is_empty() && !planted(Fault::HearAnybody) {
        let message = "Something was said on the connection to the mail server that belongs to no answer.";
        return Err(Error::unavailable("mail_out_of_turn", message));
    }
    let tcp = plain.into_inner();
    let stream: Box<dyn Wire> = if offered { handshake(settings, &host, tcp).await? } else { Box::new(tcp) };
    // lettre begins by reading a greeting: it is given the one that was read already.
    let greeting = greeting.into_iter().flat_map(|line| (line + "\r\n").into_bytes()).collect();
    Ok(Way { stream: Bounded::new(stream, greeting), encrypted: offered })
}

async fn handshake(settings: &Mail, host: &str, tcp: TcpStream) -> Result<Box<dyn Wire>> {
    let failed = |why: String| {
        let message = format!("The mail server could not prove who it is: {}", clean(&why));
        Error::unavailable("mail_tls", message)
    };
    let config = trust::config(settings.ca.as_deref())?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
    let stream = TlsConnector::from(config).connect(name, tcp).await;
    Ok(Box::new(stream.map_err(|error| failed(error.to_string()))?))
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Result<()> {
    stream.write_all(line.as_bytes()).await.map_err(|error| unreachable(&error.to_string()))
}

/// The lines of one answer, when it begins with the code.
async fn expect(stream: &mut BufReader<TcpStream>, code: &str) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut bytes = Vec::new();
        let read = (&mut *stream).take(LONGEST_LINE).read_until(b'\n', &mut bytes).await;
        read.map_err(|error| unreachable(&error.to_string()))?;
        let line = String::from_utf8_lossy(&bytes).into_owned();
        if bytes.len() < 4 || !line.is_ascii() || !line.ends_with('\n') || lines.len() == MOST_LINES {
            return Err(unreachable("it broke off, or its answer is none of SMTP"));
        }
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        let line = if line.len() == 3 { line + " " } else { line };
        if !line.starts_with(code) {
            return Err(unreachable(&line));
        }
        let last = !line[3..].starts_with('-');
        lines.push(line);
        if last {
            return Ok(lines);
        }
    }
}

pub(super) fn unreachable(why: &str) -> Error {
    let message = format!("The mail server could not be reached: {}", clean(why));
    Error::unavailable("mail_unreachable", message)
}
