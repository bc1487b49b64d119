//! What the access line holds, and what it cannot be made to hold.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use tracing_subscriber::fmt::MakeWriter;
use web::edge::{Edge, Options};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a39_one_request_is_one_line_whatever_the_caller_writes() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    let _local = tracing::subscriber::set_default(subscriber);
    let edge = Edge::new(Options::default(), crate::house::router());
    let agent = "evil\u{1b}[31m\u{2028}\u{202e} \"client\":\"203.0.113.9\"} 203.0.113.9".as_bytes();
    let request = Request::get("/things/%0a%0dfake?token=s3cret&page=2&X-Amz-Signature=s3cret")
        .header("authorization", "Bearer s3cret")
        .header("cookie", "session=s3cret")
        .header("x-request-id", "req-39")
        .header(
            "user-agent",
            HeaderValue::from_maybe_shared(bytes::Bytes::copy_from_slice(agent))
                .unwrap_or(HeaderValue::from_static("x")),
        )
        .body(Body::empty())
        .unwrap();
    let response = edge.handle(request).await;
    let _ = axum::body::to_bytes(response.into_body(), 9999).await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    for never in ["s3cret", "\u{1b}", "\u{2028}", "\u{202e}"] {
        assert!(!text.contains(never), "{text}");
    }
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    let fields = &line["fields"];
    assert_eq!(line["target"], "access");
    assert_eq!(fields["request_id"], "req-39");
    assert_eq!(fields["status"], 200);
    assert_eq!(fields["bytes"], 5);
    assert_eq!(fields["client"], "0.0.0.0");
    assert_eq!(fields["route"], "/things/{id}");
    assert_eq!(fields["path"], "/things/%0a%0dfake");
    assert_eq!(fields["query"], "token=…&page=2&X-Amz-Signature=…");
    assert_eq!(line["span"]["route"], "/things/{id}");
}
