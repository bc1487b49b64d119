//! What hands mails over: to the server of the settings, or in development to a page.

use std::time::Duration;

use config::Settings;
use config::sections::{General, Mail};
use tasks::Stopwatch;
use types::{Clock, Error, Result, Time};

use crate::address::Address;
use crate::compose::{Head, compose};
use crate::message::Message;
use crate::outbox::{Outbox, Shown};
use crate::smtp;

/// Where a mail went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// To the server, which answered this.
    Server(String),
    /// To the page `/dev/mail`.
    Page,
}

/// One a process.
pub struct Mailer {
    settings: Settings,
    clock: Clock,
    outbox: Outbox,
    /// When the last mail was handed over: `mail.rate` is kept by waiting.
    last: tokio::sync::Mutex<Option<Stopwatch>>,
}

impl Mailer {
    pub fn new(settings: Settings, clock: Clock) -> Self {
        Self { settings, clock, outbox: Outbox::default(), last: tokio::sync::Mutex::new(None) }
    }

    /// Whether mail goes to the page, because this is development and there is no server.
    pub fn shows(&self) -> bool {
        !self.settings.get::<General>().is_production() && self.settings.get::<Mail>().url.is_none()
    }

    /// What went to the page, the newest first.
    pub fn shown(&self) -> Vec<Shown> {
        self.outbox.all()
    }

    /// One attempt. `id` and `date` are the same in every attempt of one mail.
    pub async fn deliver(&self, message: &Message, id: &str, date: Time) -> Result<Handed> {
        let handed = self.attempt(message, id, date).await;
        match &handed {
            Ok(_) => metrics::counter!("mainstay_mail_sent_total").increment(1),
            Err(error) => {
                metrics::counter!("mainstay_mail_failed_total", "code" => error.code()).increment(1);
            }
        }
        handed
    }

    async fn attempt(&self, message: &Message, id: &str, date: Time) -> Result<Handed> {
        let settings = self.settings.get::<Mail>();
        let shows = self.shows();
        if settings.url.is_none() && !shows {
            return Err(smtp::not_configured());
        }
        let head = Head {
            from: sender(&settings)?,
            reply_to: Some(settings.reply_to.trim())
                .filter(|text| !text.is_empty())
                .map(Address::parse)
                .transpose()?,
            id: id.to_owned(),
            date,
        };
        let composed = compose(message, &head)?;
        if shows {
            self.outbox.put(self.clock.now(), message, &composed);
            return Ok(Handed::Page);
        }
        self.turn(settings.rate).await;
        let conversation = async {
            let mut server = smtp::open(&settings, head.from.domain()).await?;
            let answer = smtp::hand_over(&mut server, composed.envelope(), &composed.formatted()).await?;
            Ok((server, answer))
        };
        let (mut server, answer) = in_time(settings.timeout, conversation).await?;
        // The mail is handed over, whatever becomes of the farewell.
        let _ = tokio::time::timeout(Duration::from_secs(2), server.quit()).await;
        Ok(Handed::Server(answer))
    }

    /// Finds the server, greets it and signs in; tells where it is.
    pub async fn look(settings: &Mail) -> Result<String> {
        let from = sender(settings)?;
        let mut server =
            in_time(settings.timeout.min(Duration::from_secs(10)), smtp::open(settings, from.domain()))
                .await?;
        let way = if server.is_encrypted() { "encrypted" } else { "NOT encrypted" };
        let _ = tokio::time::timeout(Duration::from_secs(2), server.quit()).await;
        let (host, port) = settings.server().unwrap_or_default();
        Ok(format!("{host} port {port} answers, {way}"))
    }

    async fn turn(&self, rate: u32) {
        let apart = Duration::from_mins(1) / rate.max(1);
        let mut last = self.last.lock().await;
        if let Some(last) = &*last {
            tokio::time::sleep(apart.saturating_sub(last.elapsed())).await;
        }
        *last = Some(Stopwatch::start());
    }
}

fn sender(settings: &Mail) -> Result<Address> {
    if settings.from.trim().is_empty() && settings.url.is_none() {
        return Address::new("Mainstay", "mainstay@localhost");
    }
    Address::parse(&settings.from)
        .map_err(|error| Error::unavailable("mail_from", "mail.from is no address.").because(error))
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Error::unavailable("mail_timed_out", "The mail server took longer than mail.timeout allows."))
    })
}
