//! What hands mails over: to the server of the settings, or in development to a page.

use std::time::Duration;

use config::Settings;
use config::sections::{General, Mail};
use db::Tx;
use queue::{JobId, NewJob};
use tasks::Stopwatch;
use types::{Clock, Error, Installation, Result, Scope, Time};

use crate::address::Address;
use crate::compose::{Head, compose};
use crate::faults::{Fault, planted};
use crate::jobs::SEND;
use crate::message::Message;
use crate::outbox::{Outbox, Shown};
use crate::sealed::{Letter, Seal, Sealed};
use crate::smtp;

/// Whoever waits at a terminal for a test mail does not wait longer.
const TEST_LIMIT: Duration = Duration::from_secs(30);

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
    seal: Seal,
    outbox: Outbox,
    /// When the last mail was handed over: `mail.rate` is kept by waiting.
    last: tokio::sync::Mutex<Option<Stopwatch>>,
}

impl Mailer {
    /// `key` is derived from the secret of the installation: every process of it has the same.
    pub fn new(settings: Settings, clock: Clock, key: &[u8; 32]) -> Self {
        let (seal, outbox) = (Seal::new(key), Outbox::default());
        Self { settings, clock, seal, outbox, last: tokio::sync::Mutex::new(None) }
    }

    /// Asks for the delivery, in the transaction of the change that wants it: rolled back, nothing is sent.
    pub async fn send(&self, tx: &mut Tx, scope: &Scope, message: &Message) -> Result<JobId> {
        let job = self.job(tx.now(), message)?;
        queue::enqueue(tx, scope, job).await
    }

    /// The same for what is written in the name of no workspace.
    pub async fn send_installation(
        &self,
        tx: &mut Tx,
        by: &Installation,
        message: &Message,
    ) -> Result<JobId> {
        let job = self.job(tx.now(), message)?;
        queue::enqueue_installation(tx, by, job).await
    }

    fn job(&self, date: Time, message: &Message) -> Result<NewJob> {
        let letter = Letter { message: message.clone(), date };
        Ok(NewJob::new(&SEND, &self.seal.seal(&letter)?)?.quiet())
    }

    /// Whether mail goes to the page, because this is development and there is no server.
    pub fn shows(&self) -> bool {
        self.has_page() && self.settings.get::<Mail>().url.is_none()
    }

    /// Whether this is development: only there is a page of mails.
    pub fn has_page(&self) -> bool {
        !self.settings.get::<General>().is_production()
    }

    /// What went to the page, the newest first.
    pub fn shown(&self) -> Vec<Shown> {
        self.outbox.all()
    }

    /// One attempt of a job. What its mail says, its id and its date are the same in every one.
    pub(crate) async fn attempt(&self, sealed: &Sealed, id: &str) -> Result<Handed> {
        let letter = self.seal.open(sealed)?;
        let id =
            if planted(Fault::OtherId) { JobId::at(self.clock.now()).to_string() } else { id.to_owned() };
        let id = id.as_str();
        self.deliver(&letter.message, id, letter.date).await
    }

    /// A test mail, here and now, without a job: for whoever wants to hear what the server says. `link` is where people
    /// reach this installation.
    pub async fn test(&self, to: Address, link: &str) -> Result<Handed> {
        #[derive(serde::Serialize)]
        struct Context<'a> {
            address: &'a str,
        }
        let message = Message::new(to, &crate::TEST, &Context { address: link })?;
        let now = self.clock.now();
        let limit = self.settings.get::<Mail>().timeout.min(TEST_LIMIT);
        counted(self.hand_over(&message, &JobId::at(now).to_string(), now, limit).await)
    }

    async fn deliver(&self, message: &Message, id: &str, date: Time) -> Result<Handed> {
        let settings = self.settings.get::<Mail>();
        if settings.url.is_some() {
            self.turn(settings.rate).await;
        }
        counted(self.hand_over(message, id, date, settings.timeout).await)
    }

    async fn hand_over(&self, message: &Message, id: &str, date: Time, limit: Duration) -> Result<Handed> {
        let settings = self.settings.get::<Mail>();
        let shows = self.shows();
        if settings.url.is_none() && !shows {
            return Err(smtp::not_configured());
        }
        let head = Head { from: sender(&settings)?, reply_to: answers(&settings)?, id: id.to_owned(), date };
        let composed = compose(message, &head)?;
        if shows {
            self.outbox.put(self.clock.now(), message, &composed);
            return Ok(Handed::Page);
        }
        let conversation = async {
            let mut server = smtp::open(&settings, head.from.domain()).await?;
            let answer = server.hand_over(composed.envelope(), &composed.formatted()).await?;
            Ok((server, answer))
        };
        let (server, answer) = in_time(limit, conversation).await?;
        // The mail is handed over, whatever becomes of the farewell.
        let _ = tokio::time::timeout(Duration::from_secs(2), server.quit()).await;
        Ok(Handed::Server(answer))
    }

    /// Finds the server, greets it and signs in; tells where it is.
    pub async fn look(settings: &Mail) -> Result<String> {
        let from = sender(settings)?;
        let server =
            in_time(settings.timeout.min(Duration::from_secs(10)), smtp::open(settings, from.domain()))
                .await?;
        let way = if server.encrypted { "encrypted" } else { "NOT encrypted" };
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

fn counted(handed: Result<Handed>) -> Result<Handed> {
    match &handed {
        Ok(_) => metrics::counter!("mainstay_mail_sent_total").increment(1),
        Err(error) => metrics::counter!("mainstay_mail_failed_total", "code" => error.code()).increment(1),
    }
    handed
}

fn answers(settings: &Mail) -> Result<Option<Address>> {
    if settings.reply_to.trim().is_empty() {
        return Ok(None);
    }
    let wrong = |error| Error::unavailable("mail_from", "mail.reply_to is no address.").because(error);
    Address::parse(&settings.reply_to).map(Some).map_err(wrong)
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
