//! One mail to one address, as it is kept in its job: already filled in, so that it says what was true at the commit.

use serde::{Deserialize, Serialize};
use types::{Error, Result};

use crate::address::{Address, single_line};
use crate::template::Template;

const LONGEST_SUBJECT: usize = 200;
/// Both parts together, in bytes.
const LARGEST: usize = 256 * 1024;

/// A mail. `From` comes from the settings when it is handed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub(crate) to: Address,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// Without it, only the text is sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) html: String,
    /// Instead of the one in the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<Address>,
}

impl Message {
    /// Fills the template in. Refuses a subject of more than one line (`mail_header`), links elsewhere than into the web
    /// (`mail_link`), and more than 256 KiB (`mail_too_large`).
    pub fn new(to: Address, template: &Template, context: &impl Serialize) -> Result<Self> {
        let made = template.render(context)?;
        let message = Self { to, subject: made.subject, text: made.text, html: made.html, reply_to: None };
        message.check()?;
        Ok(message)
    }

    #[must_use]
    pub fn reply_to(mut self, address: Address) -> Self {
        self.reply_to = Some(address);
        self
    }

    /// Asked again before it is handed over: a payload is not trusted more than a caller.
    pub(crate) fn check(&self) -> Result<()> {
        if !single_line(&self.subject) || self.subject.chars().count() > LONGEST_SUBJECT {
            let message = "The subject of a mail is one line of at most 200 characters.";
            return Err(Error::invalid("mail_header", message));
        }
        if self.text.len() + self.html.len() > LARGEST {
            return Err(Error::invalid("mail_too_large", "A mail may hold 256 KiB at most."));
        }
        Ok(())
    }
}
