//! From a message to the bytes that a mail server is given.

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use std::error::Error as StdError;
use std::time::{Duration, UNIX_EPOCH};
use types::{Error, Result, Time};

use crate::address::Address;
use crate::message::Message;

/// No vacation notice answers it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> std::result::Result<Self, Box<dyn StdError + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// What stands on the envelope and in the head beside the message itself.
pub(crate) struct Head {
    pub from: Address,
    pub reply_to: Option<Address>,
    /// The same in every attempt, so that the other end can tell a second time from a first.
    pub id: String,
    pub date: Time,
}

pub(crate) fn compose(message: &Message, head: &Head) -> Result<lettre::Message> {
    message.check()?;
    let millis = u64::try_from(head.date.as_millis()).unwrap_or_default();
    let mut builder = lettre::Message::builder()
        .from(mailbox(&head.from)?)
        .to(mailbox(&message.to)?)
        .subject(message.subject.clone())
        .message_id(Some(format!("<{}@{}>", head.id, head.from.domain())))
        .date(UNIX_EPOCH + Duration::from_millis(millis))
        .header(AutoSubmitted);
    if let Some(reply_to) = message.reply_to.as_ref().or(head.reply_to.as_ref()) {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    let made = if message.html.is_empty() {
        builder.singlepart(SinglePart::plain(message.text.clone()))
    } else {
        builder.multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
    };
    made.map_err(|error| Error::internal(error).while_doing("composing a mail"))
}

fn mailbox(address: &Address) -> Result<Mailbox> {
    let email = address.email().parse().map_err(|error: lettre::address::AddressError| {
        Error::invalid("mail_address", "That is no address that mail can be sent to.").because(error)
    })?;
    Ok(Mailbox::new((!address.name().is_empty()).then(|| address.name().to_owned()), email))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            from: Address::parse("Häuser & Co <house@example.test>").unwrap(),
            reply_to: None,
            id: "job_1".to_owned(),
            date: Time::from_millis(1_700_000_000_000),
        }
    }

    fn message(subject: &str) -> Message {
        Message {
            to: Address::new("Zoë, \"the\" 漢字", "zoe@example.test").unwrap(),
            subject: subject.to_owned(),
            text: "ünï\n.\nline".to_owned(),
            html: "<p>ünï</p>".to_owned(),
            reply_to: None,
        }
    }

    #[test]
    fn the_head_is_whole_and_in_ascii() {
        let bytes = compose(&message("Grüße 漢字"), &head()).unwrap().formatted();
        let text = String::from_utf8(bytes).unwrap();
        let (top, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(top.is_ascii(), "{top}");
        for line in [
            "Message-ID: <job_1@example.test>",
            "Auto-Submitted: auto-generated",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000",
            "MIME-Version: 1.0",
        ] {
            assert!(top.lines().any(|found| found == line), "{line} is not in\n{top}");
        }
    }

    #[test]
    fn asvs_1_3_11_a_subject_is_one_line() {
        for wrong in ["a\r\nBcc: x@y.test", "a\nb", "a\rb", "a\u{0}"] {
            assert_eq!(compose(&message(wrong), &head()).unwrap_err().code(), "mail_header", "{wrong:?}");
        }
    }
}
