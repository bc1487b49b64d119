//! Stands between the database and PostgreSQL, and cuts the connection at a word that the client sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears the word.
    Before,
    /// The server hears it and acts; its answer is lost.
    After,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    armed: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) async fn start(server: u16, word: &'static str, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let armed = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, word, cut, Arc::clone(&switch)));
            }
        });
        Self { port, armed }
    }

    /// The next connection on which the word is seen is cut; only that one.
    pub(crate) fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn fired(&self) -> bool {
        !self.armed.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, server: u16, word: &'static str, cut: Cut, armed: Arc<AtomicBool>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut asked, mut answered) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let seen = asked[..length].windows(word.len()).any(|window| window == word.as_bytes());
                let fire = seen && armed.swap(false, Ordering::SeqCst);
                if fire && cut == Cut::Before {
                    return;
                }
                if server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
                if fire {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
