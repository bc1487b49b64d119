//! What config promises, through its public face.

mod described;
mod layers;
mod mistakes;
mod production;
mod runtime;
mod secrets;

use std::time::Duration;

use config::{ByteSize, Flag, KERNEL, Mistakes, Secret, Section, Settings, Sources};

config::section! {
    /// A section for the tests.
    pub struct Sample as "sample" {
        /// A number that can change.
        #[runtime]
        number: u32 = 10,
        /// A span that can change.
        #[runtime] #[check(short)]
        span: Duration = "10s",
        /// An amount.
        size: ByteSize = "1 MiB",
        /// A list.
        #[runtime]
        list: Vec<String> = ["a", "b"],
        /// Text that may be missing.
        #[runtime]
        maybe: Option<String> = none,
        /// A secret of its own type.
        #[runtime]
        key: Secret = "",
        /// A secret of a common type.
        #[secret]
        token: Option<String> = none,
    }
}

fn short(span: &Duration) -> Result<(), String> {
    if *span <= Duration::from_mins(1) { Ok(()) } else { Err("must be at most a minute".to_owned()) }
}

pub(crate) fn sections() -> Vec<&'static Section> {
    let mut all = KERNEL.to_vec();
    all.push(&Sample::SECTION);
    all
}

pub(crate) fn of(text: &str) -> Result<Settings, Mistakes> {
    Settings::of_text(&sections(), text)
}

pub(crate) fn env(pairs: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    Settings::load(&sections(), Sources { env: owned(pairs), ..Sources::default() })
}

pub(crate) fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn flags(pairs: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let flags = pairs.iter().map(|(key, value)| Flag::new(*key, *value, format!("--{key}"))).collect();
    Settings::load(&sections(), Sources { flags, ..Sources::default() })
}

/// The mistakes as they are printed.
pub(crate) fn mistakes(loaded: Result<Settings, Mistakes>) -> Vec<String> {
    match loaded {
        Ok(_) => Vec::new(),
        Err(Mistakes(all)) => all.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn map(value: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    value.as_object().expect("the tests write objects").clone()
}
