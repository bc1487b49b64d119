//! What is wrong with the settings, all of it at once.

use std::fmt;

use crate::Origin;

/// One mistake in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The setting, `server.listen`; the file or the variable where no setting is meant.
    pub key: String,
    /// Where the mistake was made.
    pub origin: Origin,
    /// What is wrong. Never holds the value of a secret.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Other settings this was concluded from: when one of them is wrong itself, the conclusion is dropped.
    pub given: Vec<&'static str>,
}

impl Mistake {
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            origin: Origin::Default,
            message: message.into(),
            hint: None,
            given: Vec::new(),
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn given(mut self, keys: &[&'static str]) -> Self {
        self.given.extend_from_slice(keys);
        self
    }

    #[must_use]
    pub fn from_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if self.origin != Origin::Default {
            write!(f, " ({})", self.origin)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// Every mistake that was found, in the order of the layers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("1 setting is wrong:")?,
            n => write!(f, "{n} settings are wrong:")?,
        }
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}

impl From<Mistakes> for types::Error {
    fn from(mistakes: Mistakes) -> Self {
        let start = Self::invalid("settings_invalid", "Some settings are not valid.");
        mistakes.0.into_iter().fold(start, |error, mistake| {
            let message = match mistake.hint {
                Some(hint) => format!("{}; {hint}", mistake.message),
                None => mistake.message,
            };
            let pointer = mistake.key.replace('~', "~0").replace('/', "~1");
            error.at_field(format!("/{pointer}"), "invalid_setting", message)
        })
    }
}
