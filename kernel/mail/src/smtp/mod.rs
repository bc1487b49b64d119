//! One conversation with the mail server: found, greeted, protected, signed in, handed over.
//!
//! A connection an attempt: one that was cut off in the middle is never used again. Everything here happens within a
//! time that the caller sets.

mod connect;
mod stream;
mod trust;

use config::sections::Mail;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use types::{Error, Result};

use connect::unreachable;

/// A server that knows us.
pub(crate) struct Server {
    lettre: AsyncSmtpConnection,
    pub encrypted: bool,
}

/// Greets the server with `hello` and signs in. Nothing that goes wrong here says anything about a mail.
pub(crate) async fn open(settings: &Mail, hello: &str) -> Result<Server> {
    let way = connect::connect(settings, hello).await?;
    let (encrypted, hello) = (way.encrypted, ClientId::Domain(hello.to_owned()));
    let mut lettre = AsyncSmtpConnection::connect_with_transport(Box::new(way.stream), &hello)
        .await
        .map_err(|error| unreachable(&said(&error)))?;
    if let Some((name, password)) = settings.credentials() {
        if !encrypted && !settings.is_local() {
            lettre.abort().await;
            let message = "The connection to the mail server is not encrypted, so the password was not sent.";
            return Err(Error::unavailable("mail_no_tls", message));
        }
        let credentials = Credentials::new(name, password.expose().to_owned());
        lettre.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(|error| {
            let message = format!("The mail server refused the sign-in: {}", said(&error));
            Error::unavailable("mail_sign_in", message)
        })?;
    }
    Ok(Server { lettre, encrypted })
}

impl Server {
    /// Hands the mail over. What the server refuses with 5xx it refuses for good: `mail_refused`.
    pub(crate) async fn hand_over(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<String> {
        let answer = self.lettre.send(envelope, bytes).await.map_err(|error| {
            if error.is_permanent() {
                let message = format!("The mail server refused the mail for good: {}", said(&error));
                Error::invalid("mail_refused", message)
            } else if error.is_transient() {
                let message = format!("The mail server does not take the mail now: {}", said(&error));
                Error::unavailable("mail_deferred", message)
            } else {
                unreachable(&said(&error))
            }
        })?;
        Ok(clean(&answer.message().collect::<Vec<_>>().join(" ")))
    }

    pub(crate) async fn quit(mut self) {
        // Whatever it answers, nothing more is wanted of it.
        let _ = self.lettre.quit().await;
    }
}

/// Why nothing is sent while `mail.url` is not set.
pub fn not_configured() -> Error {
    let message = "No mail server is set: mail waits until mail.url and mail.from are.";
    Error::unavailable("mail_not_configured", message)
}

/// The words of the server, with the cause; they go into the job's log and to the terminal of an operator.
fn said(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    clean(&text)
}

fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(300).collect()
}
