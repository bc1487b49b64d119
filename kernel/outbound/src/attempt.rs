//! One attempt: a connection of its own to a vetted address, one request, one bounded answer.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::address::Allowed;
use crate::error::{Error, Phase, Refusal};
use crate::request::Request;
use crate::resolve::{self, Lookups};
use crate::target::Target;
use crate::tls::Trust;
use crate::turns::Turn;

/// Headers of an answer; more are an attack.
const MOST_HEADERS: usize = 128;
const AGENT: &str = concat!("Mainstay/", env!("CARGO_PKG_VERSION"));

/// What one attempt is held to.
pub(crate) struct Bounds<'a> {
    pub(crate) allowed: Allowed<'a>,
    pub(crate) connect: Duration,
    pub(crate) until: Instant,
    pub(crate) head: usize,
    pub(crate) body: u64,
    pub(crate) turn: Arc<Turn>,
}

pub(crate) struct Parts {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) async fn attempt(
    lookups: &Lookups,
    trust: &Trust,
    target: &Target,
    request: &Request,
    bounds: &Bounds<'_>,
) -> Result<Parts, Error> {
    let connected = Instant::now() + bounds.connect;
    let until = connected.min(bounds.until);
    let late = |_| Error::Timeout(Phase::Connecting);
    let opening = async {
        let addresses = resolve::vetted(lookups, target, bounds.allowed, &bounds.turn).await?;
        connect(target, &addresses, until).await
    };
    let tcp = timeout_at(until, opening).await.map_err(late)??;
    if target.tls {
        let stream = timeout_at(until, trust.handshake(&target.host, tcp)).await.map_err(late)??;
        exchange(stream, target, request, bounds).await
    } else {
        exchange(tcp, target, request, bounds).await
    }
}

/// To the first of the addresses that answers, each with its share of the time.
async fn connect(target: &Target, addresses: &[SocketAddr], until: Instant) -> Result<TcpStream, Error> {
    let mut last = None;
    for (at, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(Instant::now()) / left;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(error),
            Err(_) => {}
        }
    }
    Err(match last {
        Some(error) => Error::Unreachable { host: target.host.to_string(), cause: error.to_string() },
        None => Error::Timeout(Phase::Connecting),
    })
}

async fn exchange<S>(
    stream: S,
    target: &Target,
    request: &Request,
    bounds: &Bounds<'_>,
) -> Result<Parts, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let message = message(target, request)?;
    let talk = async {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(bounds.head).max_headers(MOST_HEADERS);
        let handshake = builder.handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| broken(&error, bounds.head))?;
        let answering = async {
            let answer = sender.send_request(message).await.map_err(|error| broken(&error, bounds.head))?;
            read(answer, bounds).await
        };
        // Both in this one task: whoever stops waiting for the answer closes the connection by that.
        match select(pin!(answering), pin!(connection)).await {
            Either::Left((answer, _)) => answer,
            Either::Right((_, answering)) => answering.await,
        }
    };
    timeout_at(bounds.until, talk).await.map_err(|_| Error::Timeout(Phase::Answering))?
}

fn message(target: &Target, request: &Request) -> Result<http::Request<Full<Bytes>>, Error> {
    let mut message = http::Request::new(Full::new(request.body.clone()));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = target.path.parse().map_err(|_| Refusal::Url)?;
    let headers = message.headers_mut();
    headers.clone_from(&request.headers);
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    // What is packed would have to be unpacked, and ten gigabytes fit into ten megabytes.
    headers.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
    let host = HeaderValue::from_str(&target.authority()).map_err(|_| Refusal::Host)?;
    headers.insert(header::HOST, host);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(message)
}

async fn read(answer: Response<Incoming>, bounds: &Bounds<'_>) -> Result<Parts, Error> {
    let too_large = || Error::TooLarge { what: "body", limit: bounds.body };
    let (parts, mut incoming) = answer.into_parts();
    if incoming.size_hint().lower() > bounds.body {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| broken(&error, bounds.head))?;
        if let Some(data) = frame.data_ref() {
            if (body.len() + data.len()) as u64 > bounds.body {
                return Err(too_large());
            }
            body.extend_from_slice(data);
        }
    }
    Ok(Parts { status: parts.status, headers: parts.headers, body: body.freeze() })
}

fn broken(error: &hyper::Error, head: usize) -> Error {
    if error.is_parse_too_large() {
        return Error::TooLarge { what: "head", limit: head as u64 };
    }
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    Error::Broken(text)
}
