//! Where words go: results to standard output, everything else to standard error.
//!
//! Nobody reading any more (`mainstay ... | head`) is no mistake and no panic.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use super::{Failed, Global};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug)]
pub(crate) struct Out {
    pub json: bool,
    quiet: bool,
    pub verbose: u8,
    /// Colours on standard error. `None`: nobody asked for either.
    pub color: Option<bool>,
}

impl Out {
    pub(crate) fn new(global: &Global) -> Self {
        let none = global.no_color.as_deref().is_some_and(|value| !value.is_empty());
        let color = match global.color {
            ColorWhen::Always => Some(true),
            ColorWhen::Never => Some(false),
            ColorWhen::Auto if none => Some(false),
            ColorWhen::Auto => None,
        };
        Self { json: global.json, quiet: global.quiet, verbose: global.verbose, color }
    }

    /// The same, without a word on what goes on.
    pub(crate) const fn without_progress(&self) -> Self {
        Self { json: self.json, quiet: true, verbose: 0, color: self.color }
    }

    /// The result, in the form that was asked for.
    pub(crate) fn result(&self, text: &str, json: &Value) {
        if self.json { self.print(&json.to_string()) } else { self.print(text) }
    }

    /// One line or more on standard output.
    #[allow(clippy::unused_self, reason = "everything is said through it")]
    pub(crate) fn print(&self, text: &str) {
        let mut to = std::io::stdout().lock();
        let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
        let _ = write!(to, "{text}{end}").and_then(|()| to.flush());
    }

    /// What goes on, for people.
    pub(crate) fn progress(&self, line: &str) {
        if !self.quiet {
            say(line);
        }
    }

    /// More of it, with `-v`.
    pub(crate) fn detail(&self, line: &str) {
        if self.verbose > 0 {
            say(line);
        }
    }

    pub(crate) fn failed(&self, failed: &Failed) {
        if self.json {
            return say(&failed.to_json().to_string());
        }
        let (red, end) = if self.colored() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
        let mut text = format!("{red}error{end}[{}]: {}", failed.code, failed.what);
        for line in &failed.why {
            text.push_str("\n  ");
            text.push_str(line);
        }
        text.push_str("\nnext step: ");
        text.push_str(&failed.next_step);
        say(&text);
    }

    pub(crate) fn colored(&self) -> bool {
        self.color.unwrap_or_else(|| std::io::stderr().is_terminal())
    }
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
