//! One line, in JSON or for people.

use serde_json::{Map, Value};
use tracing::Level;
use types::{Clock, Time};

use super::escape;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Json,
    Pretty { color: bool },
}

/// What ties a line to a request. They stand at the top of the object, the rest under `fields`.
const TIES: [&str; 4] = ["request_id", "trace_id", "workspace", "actor"];

pub(super) struct Line<'l> {
    pub(super) at: Time,
    pub(super) level: Level,
    pub(super) target: &'l str,
    pub(super) message: String,
    /// Of the spans around it, outermost first.
    pub(super) around: Map<String, Value>,
    pub(super) fields: Map<String, Value>,
}

impl Line<'_> {
    pub(super) fn render(mut self, style: Style) -> String {
        let mut ties = Map::new();
        for name in TIES {
            // What a span says wins: an event can not pass for another request's.
            let own = self.fields.shift_remove(name);
            if let Some(value) = self.around.shift_remove(name).or(own) {
                ties.insert(name.to_owned(), value);
            }
        }
        let mut fields = std::mem::take(&mut self.around);
        fields.extend(std::mem::take(&mut self.fields));
        match style {
            Style::Json => self.json(ties, fields),
            Style::Pretty { color } => self.pretty(&ties, &fields, color),
        }
    }

    fn json(self, ties: Map<String, Value>, fields: Map<String, Value>) -> String {
        let mut object = Map::new();
        object.insert("ts".to_owned(), Value::from(self.at.to_string()));
        object.insert("level".to_owned(), Value::from(self.level.as_str().to_ascii_lowercase()));
        object.insert("target".to_owned(), Value::from(self.target));
        object.insert("message".to_owned(), Value::from(self.message));
        object.extend(ties);
        if !fields.is_empty() {
            object.insert("fields".to_owned(), Value::Object(fields));
        }
        escape::json(Value::Object(object).to_string())
    }

    fn pretty(self, ties: &Map<String, Value>, fields: &Map<String, Value>, color: bool) -> String {
        let (start, dim, end) = if color { (shade(self.level), "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let at = self.at.to_string();
        // 2026-11-21T10:00:00.000Z: a person at a terminal needs the time of day.
        let time = at.get(11..23).unwrap_or(&at);
        let mut line = format!("{dim}{time}{end} {start}{:>5}{end} {dim}{}{end} ", self.level, self.target);
        escape::plain(&self.message, &mut line);
        for (name, value) in fields.iter().chain(ties) {
            line.push(' ');
            line.push_str(dim);
            escape::plain(name, &mut line);
            line.push('=');
            line.push_str(end);
            match value {
                Value::String(text) => word(text, &mut line),
                other => line.push_str(&other.to_string()),
            }
        }
        line
    }
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
    let mut fields = Map::new();
    fields.insert("dropped".to_owned(), Value::from(lost));
    let message = "log lines were dropped: whoever reads standard error is too slow".to_owned();
    let line = Line {
        at: Clock::system().now(),
        level: Level::WARN,
        target: "telemetry",
        message,
        around: Map::new(),
        fields,
    };
    line.render(Style::Json)
}
