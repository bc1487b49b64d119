//! What goes over a socket: text one way and the other, bounded, and a close that says why.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as Failure, Message};

use super::Bounds;
use super::meter::{Meter, Metered};

/// Bytes read at once; what ten thousand silent sockets hold, too.
const READ: usize = 4 * 1024;
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why a socket is closed, as it is told to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    pub code: u16,
    /// A stable word.
    pub reason: &'static str,
}

impl Close {
    pub const NORMAL: Self = Self { code: 1000, reason: "bye" };
    pub const BROKEN_PROTOCOL: Self = Self { code: 1002, reason: "broken_protocol" };
    pub const BAD_TEXT: Self = Self { code: 1007, reason: "bad_text" };
    pub const TOO_MANY_FRAMES: Self = Self { code: 1008, reason: "too_many_frames" };
    pub const TOO_LARGE: Self = Self { code: 1009, reason: "frame_too_large" };
    pub const SLOW: Self = Self { code: 1013, reason: "slow_consumer" };
    pub const RESTART: Self = Self { code: 1012, reason: "server_stopping" };
    /// The other side is gone: there is nobody to tell.
    pub const GONE: Self = Self { code: 1006, reason: "gone" };
}

/// What arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Text(String),
    Binary,
    /// A ping, which is answered already, or a pong.
    Alive,
}

/// One socket.
pub struct Socket {
    stream: WebSocketStream<Metered<TokioIo<Upgraded>>>,
    meter: Meter,
    bounds: Bounds,
    allowance: Allowance,
}

pub(super) async fn begin(connection: TokioIo<Upgraded>, bounds: Bounds) -> Socket {
    // Headers of fragments, and what is read ahead.
    let meter = Meter::new(2 * bounds.message + READ);
    let mut config = WebSocketConfig::default();
    config.read_buffer_size = READ;
    config.write_buffer_size = 0;
    config.max_write_buffer_size = 1024 * 1024;
    config.max_message_size = Some(bounds.message);
    config.max_frame_size = Some(bounds.message);
    let metered = Metered { inner: connection, meter: meter.clone() };
    let stream = WebSocketStream::from_raw_socket(metered, Role::Server, Some(config)).await;
    Socket { stream, meter, allowance: Allowance::of(bounds.per_second), bounds }
}

impl Socket {
    /// What comes next, or why nothing more does. Safe to drop while it waits.
    pub async fn hear(&mut self) -> Result<Heard, Close> {
        let message = match self.stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(failure)) => return Err(self.judge(&failure)),
            None => return Err(Close::GONE),
        };
        self.meter.begin_anew();
        if !self.allowance.take() {
            return Err(Close::TOO_MANY_FRAMES);
        }
        match message {
            Message::Text(text) => Ok(Heard::Text(text.as_str().to_owned())),
            Message::Binary(_) => Ok(Heard::Binary),
            Message::Close(_) => Err(Close::GONE),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(Heard::Alive),
        }
    }

    /// Sends one text. Whoever does not read it in time is let go.
    pub async fn tell(&mut self, text: String) -> Result<(), Close> {
        match timeout(self.bounds.write, self.stream.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Close::GONE),
            Err(_) => Err(Close::SLOW),
        }
    }

    /// Says why, and waits a moment for the other side to have read it.
    pub async fn close(mut self, close: Close) {
        let frame = CloseFrame { code: CloseCode::from(close.code), reason: close.reason.into() };
        let goodbye = async {
            if close == Close::GONE {
                // What tungstenite owes the other side, the echo of its close, is sent by closing.
                return self.stream.close(None).await;
            }
            self.stream.close(Some(frame)).await?;
            // The connection is ours to end, once the other side has answered.
            while let Some(Ok(_)) = self.stream.next().await {}
            Ok(())
        };
        if !matches!(timeout(GOODBYE, goodbye).await, Ok(Ok(()))) {
            tracing::trace!(code = close.code, "a socket ended without a goodbye");
        }
        let _ = timeout(GOODBYE, tokio::io::AsyncWriteExt::shutdown(self.stream.get_mut())).await;
    }

    fn judge(&self, failure: &Failure) -> Close {
        match failure {
            _ if self.meter.is_over() => Close::TOO_MANY_FRAMES,
            Failure::Capacity(_) => Close::TOO_LARGE,
            Failure::Protocol(_) => Close::BROKEN_PROTOCOL,
            Failure::Utf8(_) => Close::BAD_TEXT,
            _ => Close::GONE,
        }
    }
}

/// So many messages a second, and twice as many at once.
struct Allowance {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Allowance {
    fn of(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self { per_second, left: 2.0 * per_second, at: Instant::now() }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let earned = now.duration_since(self.at).as_secs_f64() * self.per_second;
        self.left = (self.left + earned).min(2.0 * self.per_second);
        self.at = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a36_an_allowance_is_used_up_and_earned_again() {
        let mut allowance = Allowance::of(5);
        assert_eq!((0..12).filter(|_| allowance.take()).count(), 10);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((0..12).filter(|_| allowance.take()).count(), 5);
    }
}
