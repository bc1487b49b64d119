//! A value that is never printed and is wiped when dropped.

use std::fmt;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{Kind, Setting};

/// What stands wherever a secret would.
pub(crate) const HIDDEN: &str = "[secret]";

/// A secret: a key, a password, a token. Empty when none was given.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The secret itself. Name it only where it is used.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Setting for Secret {
    const SECRET: bool = true;
    const ECHO: bool = false;

    fn kind() -> Kind {
        Kind::text("a secret, or file: and the path of a file that holds it", "\"file:/etc/mainstay/secret\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some(text) if text.contains('\0') => Err("a secret can not hold a zero byte".to_owned()),
            Some(text) => Ok(Self::new(text)),
            None => Err("expected text in quotes".to_owned()),
        }
    }

    fn shown(&self) -> Value {
        if self.is_empty() { json!("") } else { json!(HIDDEN) }
    }

    fn holds_secret(&self) -> bool {
        !self.is_empty()
    }
}
