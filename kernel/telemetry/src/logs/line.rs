//! One line, in JSON or for people.

use std::fmt::Write as _;

use tracing::Level;
use types::{Clock, Time};

use super::escape;
use super::fields::{Fields, Shown};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Json,
    Pretty { color: bool },
}

/// What ties a line to a request. They stand at the top of the object, the rest under `fields`.
const TIES: [&str; 4] = ["request_id", "trace_id", "workspace", "actor"];
const MESSAGE: &str = "message";
/// What a line takes without long values.
const USUAL: usize = 640;

pub(super) struct Line<'l> {
    pub(super) at: Time,
    pub(super) level: Level,
    pub(super) target: &'l str,
    /// Of the spans around it, outermost first.
    pub(super) around: Vec<&'l Fields>,
    pub(super) own: &'l Fields,
}

impl Line<'_> {
    pub(super) fn render(self, style: Style) -> String {
        let mut to = String::with_capacity(USUAL);
        match style {
            Style::Json => self.json(&mut to),
            Style::Pretty { color } => self.pretty(color, &mut to),
        }
        to
    }

    fn message(&self) -> Shown<'_> {
        self.own.last(MESSAGE).unwrap_or(Shown::Text(""))
    }

    fn ties(&self) -> impl Iterator<Item = (&'static str, Shown<'_>)> {
        TIES.into_iter().filter_map(|name| {
            // What a span says wins: an event can not pass for another request's.
            let around = self.around.iter().rev().find_map(|fields| fields.last(name));
            around.or_else(|| self.own.last(name)).map(|shown| (name, shown))
        })
    }

    /// All that is no tie and not the message: each name once, as it was said last and innermost.
    fn rest(&self) -> Vec<(&'static str, Shown<'_>)> {
        let mut rest: Vec<(&'static str, Shown<'_>)> = Vec::with_capacity(16);
        let around = self.around.iter().flat_map(|fields| fields.iter());
        for (name, shown) in around.chain(self.own.iter().filter(|(name, _)| *name != MESSAGE)) {
            if TIES.contains(&name) {
                continue;
            }
            match rest.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = shown,
                None => rest.push((name, shown)),
            }
        }
        rest
    }

    fn json(self, to: &mut String) {
        let _ = write!(to, "{{\"ts\":\"{}\",\"level\":\"{}\",\"target\":", self.at, name(self.level));
        escape::quoted(self.target, to);
        to.push_str(",\"message\":");
        match self.message() {
            Shown::Text(text) => escape::quoted(text, to),
            other => {
                to.push('"');
                bare(other, to);
                to.push('"');
            }
        }
        for (name, shown) in self.ties() {
            to.push(',');
            pair(name, shown, to);
        }
        let mut before = ",\"fields\":{";
        for (name, shown) in self.rest() {
            to.push_str(before);
            pair(name, shown, to);
            before = ",";
        }
        to.push_str(if before == "," { "}}" } else { "}" });
    }

    fn pretty(self, color: bool, to: &mut String) {
        let (start, dim, end) = if color { (shade(self.level), "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let at = self.at.to_string();
        // 2026-11-21T10:00:00.000Z: a person at a terminal needs the time of day.
        let time = at.get(11..23).unwrap_or(&at);
        let _ = write!(to, "{dim}{time}{end} {start}{:>5}{end} {dim}{}{end} ", self.level, self.target);
        match self.message() {
            Shown::Text(text) => escape::plain(text, to),
            other => bare(other, to),
        }
        for (name, shown) in self.rest().into_iter().chain(self.ties()) {
            to.push(' ');
            to.push_str(dim);
            escape::plain(name, to);
            to.push('=');
            to.push_str(end);
            match shown {
                Shown::Text(text) => word(text, to),
                other => bare(other, to),
            }
        }
    }
}

fn pair(name: &str, shown: Shown<'_>, to: &mut String) {
    escape::quoted(name, to);
    to.push(':');
    match shown {
        Shown::Text(text) => escape::quoted(text, to),
        other => bare(other, to),
    }
}

/// A value that is no text, in a form that JSON has too.
fn bare(shown: Shown<'_>, to: &mut String) {
    let _ = match shown {
        Shown::Text(text) => write!(to, "{text}"),
        Shown::Int(value) => write!(to, "{value}"),
        Shown::Count(value) => write!(to, "{value}"),
        Shown::Number(value) if value.is_finite() => write!(to, "{value}"),
        Shown::Number(_) => write!(to, "null"),
        Shown::Flag(value) => write!(to, "{value}"),
    };
}

/// Text with blanks or quotes in it is quoted, so that it can not pass for another field.
fn word(text: &str, to: &mut String) {
    if text.is_empty() || text.contains([' ', '"', '=']) {
        to.push('"');
        escape::plain(&text.replace('\\', "\\\\").replace('"', "\\\""), to);
        to.push('"');
    } else {
        escape::plain(text, to);
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn shade(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        _ => "\x1b[34m",
    }
}

/// The line that says that lines are missing.
pub(super) fn dropped(lost: u64) -> String {
    format!(
        "{{\"ts\":\"{}\",\"level\":\"warn\",\"target\":\"telemetry\",\"message\":\"log lines were dropped: whoever reads \
         standard error is too slow\",\"fields\":{{\"dropped\":{lost}}}}}",
        Clock::system().now()
    )
}
