//! What a span or an event carries: names and values, already fit for a line.
//!
//! All texts of one lie in one buffer, because every request makes such a set or two.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::ops::Range;

use tracing::field::{Field, Visit};

use super::redact::{self, Rule};

/// One value may take this many characters; the rest is cut.
const LONGEST: usize = 8 * 1024;

#[derive(Default)]
pub(super) struct Fields {
    texts: String,
    all: Vec<(&'static str, Value)>,
}

enum Value {
    Text(Range<usize>),
    Int(i64),
    Count(u64),
    Number(f64),
    Flag(bool),
}

/// A value as it is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shown<'f> {
    Text(&'f str),
    Int(i64),
    Count(u64),
    Number(f64),
    Flag(bool),
}

impl Fields {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&'static str, Shown<'_>)> {
        self.all.iter().map(|(name, value)| {
            let shown = match value {
                Value::Text(range) => Shown::Text(self.texts.get(range.clone()).unwrap_or_default()),
                Value::Int(value) => Shown::Int(*value),
                Value::Count(value) => Shown::Count(*value),
                Value::Number(value) => Shown::Number(*value),
                Value::Flag(value) => Shown::Flag(*value),
            };
            (*name, shown)
        })
    }

    /// The value that was recorded last under this name.
    pub(super) fn last(&self, wanted: &str) -> Option<Shown<'_>> {
        self.iter().rev().find(|(name, _)| *name == wanted).map(|(_, shown)| shown)
    }

    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name().trim_start_matches("r#");
        if rule(name) == Rule::Hidden {
            self.text(name, |texts| texts.push_str(redact::HIDDEN));
        } else {
            self.all.push((name, value));
        }
    }

    fn say(&mut self, field: &Field, write: impl FnOnce(&mut String)) {
        let name = field.name().trim_start_matches("r#");
        let rule = rule(name);
        self.text(name, |texts| {
            let start = texts.len();
            write(texts);
            tidy(texts, start, rule);
        });
    }

    fn text(&mut self, name: &'static str, write: impl FnOnce(&mut String)) {
        let start = self.texts.len();
        write(&mut self.texts);
        self.all.push((name, Value::Text(start..self.texts.len())));
    }
}

/// What was written from `start` on loses its secrets and what is too long of it.
fn tidy(texts: &mut String, start: usize, rule: Rule) {
    if let std::borrow::Cow::Owned(safe) = redact::by(rule, &texts[start..]) {
        texts.truncate(start);
        texts.push_str(&safe);
    }
    let length = texts.len() - start;
    if length > LONGEST
        && let Some((cut, _)) = texts[start..].char_indices().nth(LONGEST)
    {
        texts.truncate(start + cut);
        let _ = write!(texts, "... ({length} bytes)");
    }
}

thread_local! {
    /// By the place of the name: names of fields live as long as the process, and there are some hundreds of them.
    static RULES: RefCell<HashMap<(usize, usize), Rule>> = RefCell::default();
}

fn rule(name: &'static str) -> Rule {
    let place = (name.as_ptr().addr(), name.len());
    RULES.with_borrow_mut(|rules| *rules.entry(place).or_insert_with(|| redact::rule(name)))
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.say(field, |texts| {
            let _ = write!(texts, "{value:?}");
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.say(field, |texts| texts.push_str(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.say(field, |texts| {
            let _ = write!(texts, "{value}");
            let mut next = value.source();
            while let Some(cause) = next {
                let _ = write!(texts, "; because {cause}");
                next = cause.source();
            }
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Count(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::Number(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Flag(value));
    }
}
