//! From events and spans to lines.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;
use types::Clock;

use super::line::{Line, Style};
use super::redact;
use super::sink::Queue;

/// One value may take this many characters; the rest is cut.
const LONGEST: usize = 8 * 1024;

pub(super) struct Lines {
    style: Style,
    clock: Clock,
    queue: Queue,
}

impl Lines {
    pub(super) fn new(style: Style, queue: Queue) -> Self {
        Self { style, clock: Clock::system(), queue }
    }
}

/// What a span carries, already fit for a line.
struct SpanFields(Map<String, Value>);

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Map::new();
        attributes.record(&mut Collect(&mut fields));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut()
        {
            values.record(&mut Collect(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut around = Map::new();
        if let Some(scope) = context.event_scope(event) {
            for span in scope.from_root() {
                if let Some(SpanFields(fields)) = span.extensions().get() {
                    around.extend(fields.clone());
                }
            }
        }
        let mut fields = Map::new();
        event.record(&mut Collect(&mut fields));
        let message = match fields.shift_remove("message") {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let line = Line {
            at: self.clock.now(),
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message,
            around,
            fields,
        };
        self.queue.push(line.render(self.style));
    }
}

struct Collect<'m>(&'m mut Map<String, Value>);

impl Collect<'_> {
    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name().trim_start_matches("r#");
        let value = if redact::is_secret_name(name) { Value::from(redact::HIDDEN) } else { value };
        self.0.insert(name.to_owned(), value);
    }

    fn text(&mut self, field: &Field, text: &str) {
        let shown = redact::field(field.name(), text);
        let shown = match shown.char_indices().nth(LONGEST) {
            Some((cut, _)) => format!("{}... ({} bytes)", &shown[..cut], shown.len()),
            None => shown.into_owned(),
        };
        self.put(field, Value::from(shown));
    }
}

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut next = value.source();
        while let Some(cause) = next {
            text = format!("{text}; because {cause}");
            next = cause.source();
        }
        self.text(field, &text);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }
}
