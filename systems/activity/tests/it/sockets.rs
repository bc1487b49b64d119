//! A house that listens on a real port, and a client with a real WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use testkit::TestApp;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use web::edge::{self, ConnectionLimits, Edge, Served};

/// Nothing here takes longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// One node with its port.
pub(crate) struct Node {
    pub(crate) addr: SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Served>,
}

/// One client.
pub(crate) struct Wire(WebSocketStream<TcpStream>);

impl Node {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let options = edge::Options { clock: app.clock().clone(), ..edge::Options::default() };
        let edge = Edge::new(options, app.app.router());
        let group = app.app.tasks().clone();
        let spawn: edge::Spawn = Arc::new(move |work| group.spawn("connection", work).detach());
        let (stop, stopped) = oneshot::channel::<()>();
        let stopping = async move {
            let _ = stopped.await;
        };
        let limits = ConnectionLimits { grace: Duration::from_millis(50), ..ConnectionLimits::default() };
        let served = tokio::spawn(edge::serve(listener, edge, limits, spawn, stopping));
        Self { addr, stop, served }
    }

    /// The end of the listener, once every connection has ended.
    pub(crate) async fn ended(self) -> Served {
        let _ = self.stop.send(());
        tokio::time::timeout(PATIENCE, self.served).await.unwrap().unwrap()
    }

    /// Asks for a socket; the status and code of the problem when it is refused.
    pub(crate) async fn ask(
        &self,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Wire, (u16, String)> {
        let mut request = format!("ws://{}/api/v1/live{query}", self.addr).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.addr).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, response)) => {
                assert!(!response.headers().contains_key("sec-websocket-extensions"));
                Ok(Wire(socket))
            }
            Err(Error::Http(response)) => {
                let body: Value =
                    serde_json::from_slice(&response.body().clone().unwrap_or_default()).unwrap_or_default();
                Err((response.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned()))
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// A socket whose credential came with the request, not greeted yet.
    pub(crate) async fn open(&self, token: &str) -> Wire {
        self.ask("", &[("authorization", &format!("Bearer {token}"))]).await.ok().unwrap()
    }

    /// A socket that was greeted.
    pub(crate) async fn greeted(&self, token: &str) -> Wire {
        let mut wire = self.open(token).await;
        wire.say(json!({"type": "hello"})).await;
        let hello = wire.hear().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        assert!(hello["connection_id"].as_str().unwrap().starts_with("con_"), "{hello}");
        wire
    }

    /// A socket that follows these topics.
    pub(crate) async fn following(&self, token: &str, topics: &[&str], presence: bool) -> Wire {
        let mut wire = self.greeted(token).await;
        wire.say(json!({"type": "subscribe", "topics": topics, "presence": presence})).await;
        let subscribed = wire.hear().await;
        assert_eq!(subscribed, json!({"type": "subscribed", "topics": topics}));
        wire
    }
}

impl Wire {
    pub(crate) async fn say(&mut self, value: Value) {
        self.send(Message::text(value.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Whether the other side took it.
    pub(crate) async fn try_send(&mut self, text: &str) -> bool {
        self.0.send(Message::text(text)).await.is_ok()
    }

    /// Bytes as they are, frames or not; whether the other side still took them.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) -> bool {
        self.0.get_mut().write_all(bytes).await.is_ok()
    }

    async fn next(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a socket that says something or ends")
    }

    /// The next message that is no heartbeat.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => {
                    let value: Value = serde_json::from_str(text.as_str()).unwrap();
                    if value["type"] != "heartbeat" {
                        return value;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("a message was awaited, and there was {other:?}"),
            }
        }
    }

    /// The next message of a kind.
    pub(crate) async fn hear_of(&mut self, kind: &str) -> Value {
        loop {
            let value = self.hear().await;
            if value["type"] == kind {
                return value;
            }
        }
    }

    /// The subject of the next event of a type.
    pub(crate) async fn event(&mut self, kind: &str) -> String {
        loop {
            let value = self.hear_of("event").await;
            if value["event"] == kind {
                return value["subject"].as_str().unwrap().to_owned();
            }
        }
    }

    /// The code and reason of the close, whatever is said before it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.as_str().to_owned());
                }
                Some(Ok(_)) => {}
                other => panic!("a close was awaited, and there was {other:?}"),
            }
        }
    }
}
