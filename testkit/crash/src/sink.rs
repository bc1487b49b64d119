//! The outside world that jobs tell: writes down what it hears.

use std::io::{BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crate::client::line;
use crate::ledger::Ledger;

/// Listens until the process ends.
#[derive(Debug)]
pub struct Sink {
    pub address: SocketAddr,
}

impl Sink {
    /// # Panics
    /// When there is no free port.
    pub fn open(ledger: &Arc<Ledger>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let ledger = Arc::clone(ledger);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who was killed in the middle of telling has told nothing.
                let _ = hear(stream, &ledger);
            }
        });
        Self { address }
    }
}

fn hear(stream: TcpStream, ledger: &Ledger) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut from = BufReader::new(stream);
    let (mut delivery, mut length) = (String::new(), 0);
    loop {
        let line = line(&mut from)?;
        match line.split_once(": ") {
            Some(("delivery-id", value)) => value.clone_into(&mut delivery),
            Some(("content-length", value)) => length = value.parse().unwrap_or_default(),
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    ledger.delivered(&delivery, &String::from_utf8_lossy(&body));
    from.get_mut().write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")
}
