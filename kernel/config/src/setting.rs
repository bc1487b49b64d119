//! What a type has to know to be the type of a setting.

use std::borrow::Cow;

use serde_json::{Value, json};

/// How a kind of value is written, for people and for a JSON schema.
#[derive(Clone, Debug)]
pub struct Kind {
    /// With its article: `a duration`.
    pub name: Cow<'static, str>,
    /// As TOML text: `"10s"`.
    pub example: Cow<'static, str>,
    /// Of the value in the settings file.
    pub schema: Value,
    /// May be left unset.
    pub optional: bool,
}

impl Kind {
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        example: impl Into<Cow<'static, str>>,
        schema: Value,
    ) -> Self {
        Self { name: name.into(), example: example.into(), schema, optional: false }
    }

    /// A kind that is written as a string.
    pub fn text(name: impl Into<Cow<'static, str>>, example: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, example, json!({"type": "string"}))
    }

    /// One of a few words.
    pub fn words(words: &'static [&'static str]) -> Self {
        let example = format!("\"{}\"", words.first().copied().unwrap_or_default());
        Self::new(format!("one of {}", words.join(", ")), example, json!({"enum": words}))
    }
}

/// A type that a setting can have.
///
/// The errors of the two readers say what was expected and never repeat the value: it may be a secret.
pub trait Setting: Clone + Send + Sync + 'static {
    /// Whether every value of this type is a secret.
    const SECRET: bool = false;
    /// Whether a wrong value may be repeated in a mistake.
    const ECHO: bool = true;

    fn kind() -> Kind;

    /// From the settings file or the database.
    fn from_value(value: &Value) -> Result<Self, String>;

    /// From the environment or a flag, where everything is text.
    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_value(&Value::String(text.to_owned()))
    }

    /// As it may be shown to anyone.
    fn shown(&self) -> Value;

    /// Whether this value must not lie about in a file that everyone can read.
    fn holds_secret(&self) -> bool {
        false
    }
}

/// The usual complaint: what was expected, with an example.
pub fn expected<T: Setting>() -> String {
    let kind = T::kind();
    format!("expected {}, for example {}", kind.name, kind.example)
}

/// A doc comment as running text: lines joined, paragraphs kept apart.
pub fn clean(help: &str) -> String {
    let mut text = String::new();
    for line in help.lines().map(str::trim) {
        if line.is_empty() {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text.trim_end().to_owned()
}
