//! The conversation after the first message.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use types::Result;
use web::{App, Close, Ended, Heard, Socket};

use super::greeting::Open;
use super::model::{BAD_FRAME, LATER, NO_HEARTBEAT, NOT_ALLOWED, NOT_SIGNED_IN, Said, Says};
use super::topics::{Catalogue, Topic};
use crate::ActivitySettings;
use crate::followers::Change;
use crate::listeners::Listener;
use crate::presence::{Presences, Seat, Told};

/// Heartbeats that may be missed.
const MISSED: u32 = 2;

pub(super) struct Connection {
    app: App,
    listener: Listener,
    catalogue: Arc<Catalogue>,
    presences: Arc<Presences>,
    topics: Vec<Topic>,
    /// Changes wait until there is a topic: what happened between the first message and the second is told too.
    awake: bool,
    seat: Option<Seat>,
    heartbeat: Duration,
    silent_at: Instant,
    beat_at: Instant,
}

enum Next {
    Heard(Heard),
    Change(Arc<Change>),
    /// Somebody came or went, or too many did.
    Told(Option<Told>),
    Beat,
}

impl Connection {
    pub(super) fn begin(app: App, listener: Listener, heartbeat: Duration) -> Result<Self> {
        Ok(Self {
            catalogue: app.extension()?,
            presences: app.extension()?,
            app,
            listener,
            topics: Vec::new(),
            awake: false,
            seat: None,
            heartbeat,
            silent_at: Instant::now() + heartbeat * MISSED,
            beat_at: Instant::now() + heartbeat,
        })
    }

    pub(super) async fn run(mut self, mut socket: Socket, open: Open) {
        let close = loop {
            let answered = match self.next(&mut socket).await {
                Ok(next) => self.answer(&mut socket, next).await,
                Err(close) => Err(close),
            };
            if let Err(close) = answered {
                break close;
            }
        };
        // Gone from every topic before the goodbye, which may take a moment.
        drop(self);
        open.end(socket, close).await;
    }

    async fn next(&mut self, socket: &mut Socket) -> Result<Next, Close> {
        let Self { listener, seat, awake, silent_at, beat_at, .. } = self;
        let change = async { if *awake { listener.next().await } else { Err(listener.ended().await) } };
        let told = async {
            match seat {
                Some(seat) => seat.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            heard = socket.hear() => heard.map(Next::Heard),
            change = change => change.map(Next::Change).map_err(farewell),
            told = told => Ok(Next::Told(told)),
            () = tokio::time::sleep_until(*silent_at) => Err(NO_HEARTBEAT),
            () = tokio::time::sleep_until(*beat_at) => Ok(Next::Beat),
        }
    }

    async fn answer(&mut self, socket: &mut Socket, next: Next) -> Result<(), Close> {
        match next {
            Next::Heard(heard) => {
                self.silent_at = Instant::now() + self.heartbeat * MISSED;
                match heard {
                    Heard::Text(text) => self.obey(socket, &text).await,
                    Heard::Binary => Err(BAD_FRAME),
                    Heard::Alive => Ok(()),
                }
            }
            Next::Change(change) => {
                if self.topics.iter().any(|topic| topic.holds(&change.kind, &change.subject)) {
                    return self.tell(socket, &Says::event(&change)).await;
                }
                Ok(())
            }
            Next::Told(Some(told)) => {
                self.give_up(socket).await?;
                if self.topics.iter().any(|topic| topic.text == *told.topic) {
                    self.tell(socket, &Says::told(&told)).await?;
                }
                Ok(())
            }
            Next::Told(None) => {
                self.give_up(socket).await?;
                let crowds = self.seat.as_mut().map(Seat::look_anew).unwrap_or_default();
                for (topic, crowd) in crowds {
                    self.tell(socket, &Says::snapshot(&topic, &crowd)).await?;
                }
                Ok(())
            }
            Next::Beat => {
                self.beat_at = Instant::now() + self.heartbeat;
                self.give_up(socket).await?;
                self.tell(socket, &Says::Heartbeat).await
            }
        }
    }

    /// Sends a message, and makes sure meanwhile that its receiver may still be told.
    async fn tell(&mut self, socket: &mut Socket, says: &Says<'_>) -> Result<(), Close> {
        tokio::select! {
            biased;
            told = say(socket, says) => told,
            ended = self.listener.ended() => Err(farewell(ended)),
        }
    }

    async fn obey(&mut self, socket: &mut Socket, text: &str) -> Result<(), Close> {
        let most = self.app.settings().get::<ActivitySettings>().topics as usize;
        match serde_json::from_str(text).map_err(|_| BAD_FRAME)? {
            Said::Hello { .. } => Err(BAD_FRAME),
            // A short message must not be answered with a long one.
            Said::Subscribe { topics, .. } | Said::Unsubscribe { topics } if topics.len() > most => {
                Err(BAD_FRAME)
            }
            Said::Heartbeat {} => Ok(()),
            Said::Subscribe { topics, presence } => self.subscribe(socket, &topics, presence, most).await,
            Said::Unsubscribe { topics } => {
                for text in &topics {
                    self.forget(text);
                }
                let topics = topics.iter().map(String::as_str).collect();
                self.tell(socket, &Says::Unsubscribed { topics }).await
            }
        }
    }

    async fn subscribe(
        &mut self,
        socket: &mut Socket,
        texts: &[String],
        presence: bool,
        most: usize,
    ) -> Result<(), Close> {
        let mut taken = Vec::new();
        for text in texts {
            let known = self.topics.iter().any(|topic| topic.text == *text);
            let code = match self.catalogue.topic(text) {
                None => Some("topic_unknown"),
                Some(topic) if !topic.is_visible(&self.listener.standing().kinds) => {
                    Some("topic_not_allowed")
                }
                Some(_) if !known && self.topics.len() >= most => Some("too_many_topics"),
                Some(topic) => {
                    if !known {
                        self.topics.push(topic);
                    }
                    taken.push(text.as_str());
                    None
                }
            };
            if let Some(code) = code {
                // Only what a topic could be is said back: the rest is no text of ours.
                let topic: String = text.chars().take(128).collect();
                self.tell(socket, &Says::Refused { topic: &topic, code }).await?;
            }
        }
        self.awake |= !taken.is_empty();
        self.tell(socket, &Says::Subscribed { topics: taken.clone() }).await?;
        if presence {
            for text in taken {
                let scope = self.listener.scope();
                let principal = self.listener.standing().principal();
                let seat = self.seat.get_or_insert_with(|| self.presences.seat(&self.app, scope, principal));
                let crowd = seat.enter(text);
                self.tell(socket, &Says::snapshot(text, &crowd)).await?;
            }
        }
        Ok(())
    }

    fn forget(&mut self, text: &str) {
        self.topics.retain(|topic| topic.text != text);
        if let Some(seat) = &mut self.seat {
            seat.leave(text);
        }
    }

    /// Takes away the topics of which nothing may be seen any more.
    async fn give_up(&mut self, socket: &mut Socket) -> Result<(), Close> {
        let kinds = &self.listener.standing().kinds;
        let lost =
            self.topics.iter().filter(|topic| !topic.is_visible(kinds)).map(|topic| topic.text.clone());
        for text in lost.collect::<Vec<_>>() {
            self.forget(&text);
            self.tell(socket, &Says::Refused { topic: &text, code: "topic_not_allowed" }).await?;
        }
        Ok(())
    }
}

/// Sends one message.
pub(super) async fn say(socket: &mut Socket, says: &Says<'_>) -> Result<(), Close> {
    // Ids, names and numbers: there is nothing in a message that JSON could refuse.
    let text = serde_json::to_string(says).map_err(|_| LATER)?;
    socket.tell(text).await
}

/// How the end of listening is told.
fn farewell(ended: Ended) -> Close {
    match ended {
        Ended::Stopping => Close::RESTART,
        Ended::SignedOut => NOT_SIGNED_IN,
        Ended::NotAllowed => NOT_ALLOWED,
        Ended::Unknown => LATER,
    }
}
