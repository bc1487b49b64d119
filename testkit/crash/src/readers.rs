//! Readers of the journal: one that asks page after page, one that listens. Both come back to where they were, after a
//! kill of the server and after one of their own, and write down every event that they were told.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Client, connect, head, line};
use crate::ledger::Ledger;
use crate::writers::Target;

const BREATH: Duration = Duration::from_millis(5);
/// How long the listener may need to come to the end.
const END: Duration = Duration::from_secs(20);
/// A reader is killed once in so many pages or messages, and goes on from the last place that it had kept.
const LIVES: u32 = 100;
/// It keeps its place once in so many.
const KEEPS: u32 = 7;

/// What a reader came to.
#[derive(Clone, Debug, Default)]
pub struct Read {
    pub told: u64,
    pub deaths: u64,
    /// Its server was gone, or did not answer.
    pub resumed: u64,
    pub wrong: Vec<String>,
    last: String,
}

/// A page reader and a listener.
pub struct Readers {
    ending: Arc<AtomicBool>,
    feed: JoinHandle<Read>,
    stream: JoinHandle<Read>,
    /// Where the journal ends, once the page reader has come to it.
    end: Arc<std::sync::Mutex<Option<String>>>,
}

impl Readers {
    /// Both begin at the first event that there is, and were told of it.
    ///
    /// # Panics
    /// When there is none, or the feed can not be read.
    pub fn begin(target: &Arc<Target>, ledger: &Arc<Ledger>) -> Self {
        let address = target.address(0).expect("a server runs");
        let (name, value) = &target.login.header;
        let mut client = Client::new(address);
        let began = Instant::now();
        let first = loop {
            let first = client.ask("GET", "/api/v1/events?limit=1", &[(*name, value)], "");
            let first = first.expect("the feed answers").json()["items"][0].clone();
            if first.is_object() {
                break first;
            }
            // On PostgreSQL it is shown when no older transaction is open.
            assert!(began.elapsed() < END, "nothing has happened yet");
            sleep(BREATH);
        };
        let ending = Arc::new(AtomicBool::new(false));
        let end = Arc::new(std::sync::Mutex::new(None));
        let place = |reader: &str| {
            let mut follow = Follow {
                target: Arc::clone(target),
                ledger: Arc::clone(ledger),
                ending: Arc::clone(&ending),
                last: String::new(),
                kept: String::new(),
                seen: 0,
                read: Read::default(),
            };
            follow.tell(reader, &first, &first["id"]);
            follow.last.clone_into(&mut follow.kept);
            follow
        };
        let (page, listen, until) = (place("feed"), place("stream"), Arc::clone(&end));
        Self {
            feed: std::thread::spawn(move || page.pages()),
            stream: std::thread::spawn(move || listen.listen(&until)),
            ending,
            end,
        }
    }

    /// Lets both come to the end of the journal. Nothing may be written any more.
    pub fn finish(self) -> (Read, Read) {
        self.ending.store(true, Ordering::Relaxed);
        let feed = self.feed.join().expect("the page reader panicked");
        *self.end.lock().expect("nobody panicked") = Some(feed.last.clone());
        (feed, self.stream.join().expect("the listener panicked"))
    }
}

struct Follow {
    target: Arc<Target>,
    ledger: Arc<Ledger>,
    ending: Arc<AtomicBool>,
    /// Where it is, and where it would be after its own death.
    last: String,
    kept: String,
    seen: u32,
    read: Read,
}

impl Follow {
    fn pages(mut self) -> Read {
        let mut client = None;
        let mut began = None;
        loop {
            let ending = self.ending.load(Ordering::Relaxed);
            let since = *began.get_or_insert_with(Instant::now);
            if !ending {
                began = None;
            } else if since.elapsed() > END {
                self.read.wrong.push("the feed came to no end".to_owned());
                break;
            }
            let Some(address) = self.target.address(0) else { continue };
            let known = client.take().filter(|(at, _)| *at == address);
            let (_, mut asks) = known.unwrap_or_else(|| (address, Client::new(address)));
            let (name, value) = &self.target.login.header;
            let path = format!("/api/v1/events?after={}&limit=200", self.last);
            match asks.ask("GET", &path, &[(*name, value)], "") {
                Ok(answer) if answer.status == 200 => {
                    let page = answer.json();
                    let items = page["items"].as_array().map_or(&[][..], Vec::as_slice);
                    for item in items {
                        self.tell("feed", item, &item["id"]);
                    }
                    if items.is_empty() && ending {
                        break;
                    }
                    self.may_die();
                    client = Some((address, asks));
                }
                Ok(answer) if matches!(answer.status, 503 | 504) => self.read.resumed += 1,
                Ok(answer) => self.read.wrong.push(format!("{} {}", answer.status, answer.body)),
                Err(_) => self.read.resumed += 1,
            }
            sleep(BREATH);
        }
        self.read.last = self.last;
        self.read
    }

    fn listen(mut self, end: &std::sync::Mutex<Option<String>>) -> Read {
        let mut since = None;
        loop {
            if let Some(end) = end.lock().expect("nobody panicked").as_ref() {
                let since = *since.get_or_insert_with(Instant::now);
                if self.last == *end || since.elapsed() > END {
                    return self.read;
                }
            }
            if let Err(error) = self.hear(end) {
                if error.kind() == ErrorKind::Other {
                    self.read.wrong.push(error.to_string());
                }
                self.read.resumed += 1;
            }
            sleep(BREATH);
        }
    }

    /// One connection, to its end.
    fn hear(&mut self, end: &std::sync::Mutex<Option<String>>) -> std::io::Result<()> {
        let address = self.target.address(0).ok_or(ErrorKind::NotConnected)?;
        let mut from = connect(address)?;
        from.get_ref().set_read_timeout(Some(Duration::from_secs(1)))?;
        let (name, value) = &self.target.login.header;
        let asked = format!(
            "GET /api/v1/events/stream HTTP/1.1\r\nhost: {address}\r\n{name}: {value}\r\nlast-event-id: {}\r\n\r\n",
            self.last
        );
        std::io::Write::write_all(from.get_mut(), asked.as_bytes())?;
        let answer = head(&mut from)?;
        match answer.status {
            200 => {}
            503 | 504 => return Err(ErrorKind::NotConnected.into()),
            status => return Err(std::io::Error::other(format!("the stream answered {status}"))),
        }
        let (mut id, mut data) = (String::new(), String::new());
        loop {
            if end.lock().expect("nobody panicked").as_ref() == Some(&self.last) {
                return Ok(());
            }
            // What lies between the messages, sizes of chunks too, is neither `id` nor `data`.
            let line = line(&mut from)?;
            if let Some(value) = line.strip_prefix("id:") {
                value.trim().clone_into(&mut id);
            } else if let Some(value) = line.strip_prefix("data:") {
                value.trim().clone_into(&mut data);
            } else if line.is_empty() && !id.is_empty() && !data.is_empty() {
                let message: Value = serde_json::from_str(&data).map_err(std::io::Error::other)?;
                self.tell("stream", &message, &Value::String(std::mem::take(&mut id)));
                data.clear();
                if self.may_die() {
                    return Ok(());
                }
            }
        }
    }

    fn tell(&mut self, reader: &str, event: &Value, id: &Value) {
        let (id, kind) = (id.as_str().unwrap_or_default(), event["type"].as_str().unwrap_or_default());
        if kind == "trial.made" {
            self.ledger.told(reader, id, event["subject"].as_str().unwrap_or_default());
            self.read.told += 1;
        }
        id.clone_into(&mut self.last);
    }

    /// Now and then its own death: what was told since the last kept place is told again.
    fn may_die(&mut self) -> bool {
        self.seen += 1;
        if rand::random_ratio(1, LIVES) && !self.ending.load(Ordering::Relaxed) {
            self.kept.clone_into(&mut self.last);
            self.read.deaths += 1;
            return true;
        }
        if self.seen.is_multiple_of(KEEPS) {
            self.last.clone_into(&mut self.kept);
        }
        false
    }
}
