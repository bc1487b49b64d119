//! Clients that report, each under a key of its own, and what they were answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crash::{Answer, Client};

/// What every description begins with; sixteen digits follow.
pub(crate) const MARK: &[u8] = b"pw-";

/// Who reports, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub writers: usize,
    /// In all.
    pub most: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Descriptions that were answered with 201, with the id.
    pub acked: Vec<(String, String)>,
    /// Other answers: status, code, and whether it says when to come back.
    pub refused: Vec<(u16, String, bool)>,
    /// No answer.
    pub broken: usize,
}

/// The idempotency key that goes with a description.
fn key_of(description: &str) -> String {
    format!("key-{description}")
}

/// Reports once.
///
/// # Errors
/// When there is no answer.
pub fn report(client: &mut Client, bearer: &str, description: &str) -> std::io::Result<Answer> {
    let key = key_of(description);
    let headers =
        [("authorization", bearer), ("content-type", "application/json"), ("idempotency-key", key.as_str())];
    let body = format!(r#"{{"service_id": "power", "status": "degraded", "description": "{description}"}}"#);
    client.ask("POST", "/api/v1/status/events", &headers, &body)
}

impl Load {
    /// Reports until enough was asked, `until` says so, or nobody answers any more.
    pub fn run(self, address: SocketAddr, bearer: &str, until: &AtomicBool) -> Outcome {
        let asked = AtomicUsize::new(0);
        let parts: Vec<Outcome> = std::thread::scope(|scope| {
            let write = || self.write(address, bearer, until, &asked);
            let threads: Vec<_> = (0..self.writers).map(|_| scope.spawn(write)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a writer panicked")).collect()
        });
        parts.into_iter().fold(Outcome::default(), |mut all, part| {
            all.acked.extend(part.acked);
            all.refused.extend(part.refused);
            all.broken += part.broken;
            all
        })
    }

    fn write(self, address: SocketAddr, bearer: &str, until: &AtomicBool, asked: &AtomicUsize) -> Outcome {
        let (mut client, mut outcome) = (Client::new(address), Outcome::default());
        while !until.load(Ordering::Relaxed) && asked.fetch_add(1, Ordering::Relaxed) < self.most {
            let description = format!("pw-{:016x}", rand::random::<u64>());
            match report(&mut client, bearer, &description) {
                Ok(answer) if answer.status == 201 => {
                    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
                    outcome.acked.push((description, id));
                }
                Ok(answer) => {
                    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
                    let later = answer.header("retry-after").is_some();
                    outcome.refused.push((answer.status, code, later));
                }
                Err(_) => {
                    outcome.broken += 1;
                    client = Client::new(address);
                    if outcome.broken > 3 {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
        outcome
    }
}
