//! One conversation with the mail server: found, greeted, protected, signed in, handed over.
//!
//! A connection an attempt: one that was cut off in the middle is never used again. lettre waits for answers without
//! end, so everything here happens within a time that the caller sets.

use config::sections::{Mail, MailTls};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use types::{Error, Result};

/// Greets the server with `hello` and signs in. Nothing that goes wrong here says anything about a mail.
pub(crate) async fn open(settings: &Mail, hello: &str) -> Result<AsyncSmtpConnection> {
    let Some((host, port)) = settings.server() else { return Err(not_configured()) };
    let hello = ClientId::Domain(hello.to_owned());
    let implicit = settings.url.as_ref().is_some_and(|url| url.scheme() == "smtps");
    let tls = if implicit || settings.tls != MailTls::Never { Some(tls(settings, &host)?) } else { None };
    let at_once = tls.clone().filter(|_| implicit);
    let mut server = AsyncSmtpConnection::connect_tokio1((host.as_str(), port), None, &hello, at_once, None)
        .await
        .map_err(|error| unreachable(&error))?;
    if let Some(tls) = tls.filter(|_| !implicit) {
        if server.can_starttls() {
            server.starttls(tls, &hello).await.map_err(|error| unreachable(&error))?;
        } else if settings.tls == MailTls::Required {
            server.abort().await;
            let message = "The mail server offers no STARTTLS, and mail.tls requires it.";
            return Err(Error::unavailable("mail_no_tls", message));
        }
    }
    if let Some((name, password)) = settings.credentials() {
        if !server.is_encrypted() && !settings.is_local() {
            server.abort().await;
            let message = "The connection to the mail server is not encrypted, so the password was not sent.";
            return Err(Error::unavailable("mail_no_tls", message));
        }
        let credentials = Credentials::new(name, password.expose().to_owned());
        server.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(|error| {
            let message = format!("The mail server refused the sign-in: {}", said(&error));
            Error::unavailable("mail_sign_in", message).because(error)
        })?;
    }
    Ok(server)
}

/// Hands the mail over. What the server refuses with 5xx it refuses for good: `mail_refused`.
pub(crate) async fn hand_over(
    server: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    bytes: &[u8],
) -> Result<String> {
    let answer = server.send(envelope, bytes).await.map_err(|error| {
        if error.is_permanent() {
            let message = format!("The mail server refused the mail for good: {}", said(&error));
            Error::invalid("mail_refused", message).because(error)
        } else if error.is_transient() {
            let message = format!("The mail server does not take the mail now: {}", said(&error));
            Error::unavailable("mail_deferred", message).because(error)
        } else {
            unreachable(&error)
        }
    })?;
    Ok(clean(&answer.message().collect::<Vec<_>>().join(" ")))
}

/// The authorities of this machine, and the one in the settings. Verification cannot be turned off.
fn tls(settings: &Mail, host: &str) -> Result<TlsParameters> {
    let wrong = |why: String| {
        Error::unavailable("mail_ca", "The certificate in mail.ca cannot be used.").because(why)
    };
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &settings.ca {
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        builder = builder
            .add_root_certificate(Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?);
    }
    builder.build_rustls().map_err(|error| wrong(error.to_string()))
}

pub(crate) fn not_configured() -> Error {
    let message = "No mail server is set: mail waits until mail.url and mail.from are.";
    Error::unavailable("mail_not_configured", message)
}

fn unreachable(error: &lettre::transport::smtp::Error) -> Error {
    let message = format!("The mail server could not be reached: {}", said(error));
    Error::unavailable("mail_unreachable", message).because(error.to_string())
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
