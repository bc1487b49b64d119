//! Counts that several nodes share in Redis, held here whenever that store is lost, slow, or answers nonsense.
//!
//! Owns the conversation about one key and what a node does alone. Refuses to wait longer than it was told, and to let
//! anybody through uncounted.

mod keeper;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use redis::Script;
use redis::aio::MultiplexedConnection;
use ring::hmac;
use tasks::TaskGroup;
use tokio::sync::{Notify, watch};
use types::Time;

use crate::memory::Memory;
use crate::verdict::{Key, Verdict};

const SCRIPT: &str = include_str!("count.lua");

/// Where the shared store is.
#[derive(Clone)]
pub struct SharedOptions {
    /// `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS.
    pub url: String,
    /// The password, where it does not stand in the url.
    pub password: String,
    /// How long a count may wait for the store.
    pub wait: Duration,
    /// Names the keys: the same on every node of an installation, and on no other.
    pub key: [u8; 32],
}

/// The store can not even be asked for.
#[derive(Debug, thiserror::Error)]
pub enum BadStore {
    /// Nothing of the address is repeated: it may hold a password.
    #[error("the address can not be read; expected redis://user@host:port/database")]
    Address,
    #[error("the certificates of this machine can not be read")]
    Certificates,
}

/// Whether the store counts for somebody with these options, or why not.
pub async fn look(options: &SharedOptions) -> Result<(), String> {
    let client = keeper::client(options).map_err(|error| error.to_string())?;
    keeper::connect(&Shared::new(options, Memory::new(1)), &client).await.map(drop)
}

pub(crate) struct Shared {
    local: Memory,
    script: Script,
    names: hmac::Key,
    prefix: String,
    wait: Duration,
    /// The connection, while it is good; the number tells it from those before.
    link: Mutex<Option<(u64, MultiplexedConnection)>>,
    lost: Notify,
    up: watch::Sender<Option<bool>>,
}

/// What the store said of one key.
struct Answer {
    allowed: bool,
    count: u32,
    ends: Time,
}

/// What is asked of the store about one key.
#[derive(Clone, Copy)]
struct Question<'a> {
    add: i8,
    key: Key<'a>,
    limit: u32,
    span: Duration,
    now: Time,
}

impl Shared {
    pub(crate) async fn start(
        options: &SharedOptions,
        local: Memory,
        tasks: &TaskGroup,
    ) -> Result<Arc<Self>, BadStore> {
        let client = keeper::client(options)?;
        let shared = Arc::new(Self::new(options, local));
        let mut known = shared.up.subscribe();
        tasks.spawn("limits", keeper::keep(Arc::clone(&shared), client, tasks.stopping())).detach();
        let _ = known.wait_for(Option::is_some).await;
        Ok(shared)
    }

    fn new(options: &SharedOptions, local: Memory) -> Self {
        let names = hmac::Key::new(hmac::HMAC_SHA256, &options.key);
        let prefix =
            format!("mainstay:{}:limit:", types::hex(&hmac::sign(&names, b"installation").as_ref()[..8]));
        Self {
            local,
            script: Script::new(SCRIPT),
            names,
            prefix,
            wait: options.wait,
            link: Mutex::new(None),
            lost: Notify::new(),
            up: watch::Sender::new(None),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        *self.up.borrow() == Some(true)
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.local
    }

    pub(crate) async fn hit(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        match self.ask(Question { add: 1, key, limit, span, now }).await {
            Some(answer) => answer.verdict(limit, now),
            None => self.alone(key, limit, span, now),
        }
    }

    pub(crate) async fn peek(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        match self.ask(Question { add: 0, key, limit, span, now }).await {
            Some(answer) => answer.verdict(limit, now),
            None => self.local.peek(key, limit, span, now),
        }
    }

    pub(crate) async fn refund(&self, key: Key<'_>, span: Duration, now: Time) {
        if self.ask(Question { add: -1, key, limit: 0, span, now }).await.is_none() {
            self.local.refund(key, span, now);
        }
    }

    fn alone(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        metrics::counter!("limiter_local_total", "tier" => key.tier.to_owned()).increment(1);
        #[cfg(feature = "faults")]
        if *self.local.fault.lock() == Some(crate::faults::Fault::OpenWhenLost) {
            return Verdict::new(true, 0, limit, now.plus(span), now);
        }
        self.local.hit(key, limit, span, now)
    }

    /// The store's word, unless it is lost or is lost now.
    async fn ask(&self, question: Question<'_>) -> Option<Answer> {
        let (number, mut link) = self.link.lock().clone()?;
        match tokio::time::timeout(self.wait, self.say(&mut link, question)).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(why)) => self.lose(number, &why),
            Err(_) => self.lose(number, "it did not answer in time"),
        }
    }

    async fn say(&self, link: &mut MultiplexedConnection, question: Question<'_>) -> Result<Answer, String> {
        let Question { add, key, limit, span, now } = question;
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
        let window = self.local.find(key, span, now);
        let (known, left, owed) = window
            .map_or((0, 0, 0), |window| (window.count, window.ends.since(now).as_millis(), window.owed));
        let mut call = self.script.key(self.name(key));
        call.arg(add).arg(limit).arg(span_ms).arg(known).arg(u64::try_from(left).unwrap_or(0)).arg(owed);
        let said: (i64, i64, i64) = call.invoke_async(link).await.map_err(|error| error.to_string())?;
        let nonsense = || format!("it answered nonsense: {said:?}");
        let count = u32::try_from(said.1).map_err(|_| nonsense())?;
        let left = u64::try_from(said.2).ok().filter(|left| (1..=span_ms).contains(left));
        let left = left.filter(|_| (0..=1).contains(&said.0)).ok_or_else(nonsense)?;
        let ends = now.plus(Duration::from_millis(left));
        self.local.learn(key, count, ends, owed, now);
        Ok(Answer { allowed: said.0 == 1, count, ends })
    }

    /// Lets the connection go, so that nobody waits for it again until the keeper has another.
    fn lose<T>(&self, number: u64, why: &str) -> Option<T> {
        let mut link = self.link.lock();
        if link.as_ref().is_some_and(|(current, _)| *current == number) {
            *link = None;
            drop(link);
            self.tell(Err(why));
            self.lost.notify_one();
        }
        None
    }

    /// Says it once when the store came or went.
    fn tell(&self, state: Result<(), &str>) {
        let before = self.up.send_replace(Some(state.is_ok()));
        metrics::gauge!("limiter_store_up").set(if state.is_ok() { 1.0 } else { 0.0 });
        match state {
            Ok(()) if before == Some(false) => tracing::info!("the store of the limits is back"),
            Err(error) if before != Some(false) => {
                tracing::warn!(
                    error,
                    "the store of the limits is lost: this node counts alone until it is back"
                );
            }
            _ => {}
        }
    }

    /// Of a fixed length, and telling nothing of the subject to who reads the store.
    fn name(&self, key: Key<'_>) -> String {
        let mut text = hmac::Context::with_key(&self.names);
        for part in [key.tier.as_bytes(), &[0], key.subject] {
            text.update(part);
        }
        format!("{}{}", self.prefix, types::hex(&text.sign().as_ref()[..16]))
    }
}

impl Answer {
    fn verdict(&self, limit: u32, now: Time) -> Verdict {
        Verdict::new(self.allowed, self.count, limit, self.ends, now)
    }
}
