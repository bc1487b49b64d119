//! Which server takes the mail, and in whose name it is sent.

use std::path::PathBuf;
use std::time::Duration;

use super::{at_least_one, not_zero};
use crate::{Mistake, Secret, ServiceUrl, Settings};

crate::choice! {
    /// What protects a connection to `smtp://`.
    pub enum MailTls { #[default] Required = "required", Optional = "optional", Never = "never" }
}

crate::section! {
    /// Which server takes the mail, and in whose name it is sent.
    pub struct Mail as "mail" {
        /// `smtps://user@host` (port 465) or `smtp://user@host` (port 587, with STARTTLS). Without it, mail waits in the queue
        /// for about seventeen hours, then its jobs fail; in development mode it is shown at /dev/mail instead.
        #[check(a_server)]
        url: Option<ServiceUrl> = none,
        /// The password, where it does not stand in the url.
        password: Secret = "",
        /// STARTTLS of `smtp://`: `required`; `optional` goes on without it when the server offers none; `never` is for a server
        /// on this machine. A password is never sent unencrypted except to this machine. Certificates are always verified.
        tls: MailTls = "required",
        /// A PEM file with the certificate of the authority that vouches for the server, beside those of this machine.
        ca: Option<PathBuf> = none,
        /// The address in `From`: `Name <address>` or only the address.
        from: String = "",
        /// The address that answers go to, if another.
        reply_to: String = "",
        /// The longest that one delivery may take, from finding the server to its last answer.
        #[check(a_while)]
        timeout: Duration = "1m",
        /// Mails a minute that one process hands over at most.
        #[check(at_least_one)]
        rate: u32 = 300,
    }
    check = complete;
}

fn a_while(span: &Duration) -> Result<(), String> {
    not_zero(span)?;
    if *span > Duration::from_mins(5) { Err("must be 5m or less".to_owned()) } else { Ok(()) }
}

fn a_server(url: &Option<ServiceUrl>) -> Result<(), String> {
    let Some(url) = url else { return Ok(()) };
    let port = url.host().rsplit_once(':').filter(|(_, port)| !port.contains(']'));
    let fine = matches!(url.scheme(), "smtp" | "smtps")
        && !url.host().is_empty()
        && !url.expose().contains(['?', '#'])
        && matches!(url.path(), "" | "/")
        && port.is_none_or(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
    if fine {
        return Ok(());
    }
    Err("expected smtps://user@host or smtp://user@host, with :port where it is another (? and # in a password are \
         written %3F and %23)"
        .to_owned())
}

impl Mail {
    /// Host and port of the server; 465 for `smtps`, 587 for `smtp` where none is said.
    pub fn server(&self) -> Option<(String, u16)> {
        let url = self.url.as_ref()?;
        let standard = if url.scheme() == "smtps" { 465 } else { 587 };
        let host = url.host();
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port.parse().unwrap_or(standard)),
            _ => (host, standard),
        };
        Some((name.trim_matches(['[', ']']).to_owned(), port))
    }

    /// Whether the server is this machine.
    pub fn is_local(&self) -> bool {
        self.server().is_some_and(|(name, _)| {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        })
    }

    /// Whom we sign in as.
    pub fn credentials(&self) -> Option<(String, Secret)> {
        let (_, rest) = self.url.as_ref()?.expose().split_once("://")?;
        let (user, _) = rest.rsplit_once('@')?;
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let password =
            if password.is_empty() { self.password.clone() } else { Secret::new(decoded(password)) };
        Some((decoded(name), password))
    }
}

/// `%40` is `@`; what is no such pair stands for itself.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let pair = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        if let Some(byte) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn complete(settings: &Settings) -> Vec<Mistake> {
    let mail = settings.get::<Mail>();
    let Some(url) = &mail.url else { return Vec::new() };
    let mut found = Vec::new();
    if mail.from.trim().is_empty() {
        found.push(
            Mistake::new("mail.from", "mail.url is set, and nobody sends")
                .hint("set mail.from to an address that the server may send for")
                .given(&["mail.url"]),
        );
    }
    if url.scheme() == "smtp" && mail.tls == MailTls::Never && !mail.is_local() {
        found.push(
            Mistake::new("mail.tls", "`never` is possible only for a server on this machine")
                .hint("set mail.tls = \"required\", or mail.url to smtps://")
                .given(&["mail.url"]),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<std::sync::Arc<Mail>, crate::Mistakes> {
        let text = format!("[mail]\n{text}");
        Settings::of_text(crate::sections::KERNEL, &text).map(|settings| settings.get::<Mail>())
    }

    #[test]
    fn the_parts_of_a_mail_server() {
        let mail = of("from = \"a@b.test\"\nurl = \"smtp://me%40x:p%3Aw@mx.test\"").unwrap();
        assert_eq!(mail.server(), Some(("mx.test".to_owned(), 587)));
        let (name, password) = mail.credentials().unwrap();
        assert_eq!((name.as_str(), password.expose()), ("me@x", "p:w"));
        let mail = of("from = \"a@b.test\"\nurl = \"smtps://me@[::1]:2465\"\npassword = \"secret\"").unwrap();
        assert_eq!(mail.server(), Some(("::1".to_owned(), 2465)));
        assert!(mail.is_local());
        assert_eq!(mail.credentials().unwrap().1.expose(), "secret");
        assert!(of("").unwrap().server().is_none());
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for wrong in [
            "url = \"http://mx.test\"\nfrom = \"a@b.test\"",
            "url = \"smtp://\"\nfrom = \"a@b.test\"",
            "url = \"smtp://mx.test:x\"\nfrom = \"a@b.test\"",
            "url = \"smtp://mx.test?verify=no\"\nfrom = \"a@b.test\"",
            "url = \"smtp://mx.test\"",
            "url = \"smtp://mx.test\"\nfrom = \"a@b.test\"\ntls = \"never\"",
            "timeout = \"1h\"",
            "rate = 0",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert!(of("url = \"smtp://127.0.0.1:25\"\nfrom = \"a@b.test\"\ntls = \"never\"").is_ok());
    }
}
