//! WebSockets: the handshake of RFC 6455 over HTTP/1.1, and a socket on which everything that arrives is bounded.
//!
//! Owns frames, their limits and the close codes that belong to the protocol itself. Refuses to know what the frames say
//! and who may say it: a handler gets a [`Socket`] and decides. Nothing is compressed, so nothing can be decompressed.

mod handshake;
mod meter;
mod traffic;
mod visitor;

pub use handshake::Handshake;
pub(crate) use handshake::is_wanted;
pub use traffic::{Close, Heard, Socket};
pub use visitor::Visitor;

/// What one socket may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of one message, all its fragments together.
    pub message: usize,
    /// Messages a second, pings among them; twice as many may come at once.
    pub per_second: u32,
    /// How long writing one message may take: whoever reads more slowly than this is let go.
    pub write: std::time::Duration,
}
