//! A listener on a free port with a small router behind the edge, and a client that sends bytes as they are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{any, get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use web::edge::{ClientAddr, ConnectionLimits, Edge, Limits, Options, Served, serve};

pub(crate) struct House {
    pub(crate) addr: SocketAddr,
    pub(crate) edge: Edge,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<Served>,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default(), ConnectionLimits::default()).await
    }

    pub(crate) async fn with(options: Options, limits: ConnectionLimits) -> Self {
        Self::serving(Edge::new(options, router()), limits).await
    }

    pub(crate) async fn serving(edge: Edge, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let group = tasks::TaskGroup::new();
        let spawn: web::edge::Spawn = Arc::new(move |work| group.spawn("connection", work).detach());
        let stopping = async move {
            let _ = stopped.await;
        };
        let served = tokio::spawn(serve(listener, edge.clone(), limits, spawn, stopping));
        Self { addr, edge, stop: Some(stop), served }
    }

    pub(crate) fn begin_stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    pub(crate) async fn ended(self) -> Served {
        self.served.await.unwrap()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends bytes on a new connection and reads until it is closed or nothing more comes.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(bytes.as_ref()).await;
        read_all(&mut stream, Duration::from_secs(3)).await
    }

    /// One request with `Connection: close`.
    pub(crate) async fn ask(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        let mut text = format!("{line} HTTP/1.1\r\nHost: x.example.test\r\nConnection: close\r\n");
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        if !body.is_empty() {
            text = format!("{text}Content-Length: {}\r\n", body.len());
        }
        Answer::read(&self.send(format!("{text}\r\n{body}")).await)
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self:?}");
        assert_eq!(problem["status"], status, "{self:?}");
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{self:?}");
    }
}

pub(crate) async fn read_all(stream: &mut TcpStream, patience: Duration) -> String {
    let mut all = Vec::new();
    let mut chunk = vec![0_u8; 16 * 1024];
    while let Ok(Ok(n)) = timeout(patience, stream.read(&mut chunk)).await {
        if n == 0 {
            break;
        }
        all.extend_from_slice(&chunk[..n]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

pub(crate) fn router() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |body: String| body))
        .route("/things/{id}", get(async || "thing").post(async || StatusCode::CREATED))
        .route(
            "/who",
            get(async |request: Request| request.extensions().get::<ClientAddr>().unwrap().0.to_string()),
        )
        .route("/where", any(seen))
        .route("/panic", get(async || -> &'static str { panic!("the inside\nof the house") }))
        .route("/slow", get(async || tokio::time::sleep(Duration::from_mins(1)).await))
        .route("/slow/200", get(slow))
        .route("/patient", get(patient))
        .route("/large", post(large))
        .route("/cookie", get(async || ([("set-cookie", "a=b"), ("cache-control", "public")], "x")))
        .route("/text-error", get(async || (StatusCode::BAD_REQUEST, "SELECT * FROM people at /srv/x.rs")))
        .route("/silent-500", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/internal", get(internal))
}

async fn seen(method: Method, uri: Uri, request: Request) -> String {
    let workspace = request.headers().get("x-workspace-id").map_or("", |value| value.to_str().unwrap());
    format!("{method} {uri} [{workspace}]")
}

async fn slow() -> StatusCode {
    tokio::time::sleep(Duration::from_millis(200)).await;
    StatusCode::OK
}

async fn patient(request: Request) -> &'static str {
    Limits::of(request.extensions()).lift_deadline();
    tokio::time::sleep(Duration::from_millis(600)).await;
    "done"
}

async fn large(request: Request<Body>) -> Result<String, StatusCode> {
    Limits::of(request.extensions()).set_body(4096);
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await;
    body.map(|bytes| bytes.len().to_string()).map_err(|_| StatusCode::BAD_REQUEST)
}

async fn internal() -> web::Result<&'static str> {
    Err(types::Error::internal("SELECT secret FROM people").while_doing("reading /srv/mainstay").into())
}
