//! From events and spans to lines.

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{Extensions, LookupSpan, Scope};
use types::Clock;

use super::fields::Fields;
use super::line::{Line, Style};
use super::sink::Queue;

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

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let spans: Vec<_> = context.event_scope(event).into_iter().flat_map(Scope::from_root).collect();
        let extensions: Vec<Extensions<'_>> = spans.iter().map(|span| span.extensions()).collect();
        let around = extensions.iter().filter_map(|extensions| extensions.get::<Fields>()).collect();
        let metadata = event.metadata();
        let line = Line {
            at: self.clock.now(),
            level: *metadata.level(),
            target: metadata.target(),
            around,
            own: &own,
        };
        self.queue.push(line.render(self.style));
    }
}
