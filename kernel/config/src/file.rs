//! The settings file: TOML with the line of every value.

use std::path::Path;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::nearest::did_you_mean;
use crate::shape::{At, Shape};
use crate::{Mistake, Mistakes, Origin, Section};

/// A value of the file.
pub(crate) struct Entry {
    pub(crate) at: At,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// Looks through the text of a settings file without touching anything else: syntax, names and kinds. Files that
/// secrets point at are not opened.
///
/// # Errors
/// Every mistake of the text.
pub fn parse_file(text: &str, sections: &[&'static Section]) -> Result<(), Mistakes> {
    let (shape, mut mistakes) = Shape::new(sections);
    let (entries, more) = entries(text, "settings", &shape);
    mistakes.extend(more);
    for entry in entries {
        let (section, field) = shape.field(entry.at);
        if let Err(message) = (field.from_value)(&entry.value) {
            mistakes.push(Mistake::new(section.key(field.name), message).from_origin(entry.origin));
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes)) }
}

/// The values of the text, and what is wrong with its syntax and names.
pub(crate) fn entries(text: &str, path: &str, shape: &Shape) -> (Vec<Entry>, Vec<Mistake>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader =
        Reader { text, path, shape, entries: Vec::new(), mistakes: Vec::new(), broken: Vec::new() };
    for error in errors {
        let line = error.span().map(|span| reader.line(span.start));
        reader.broken.extend(line);
        // Only the message: the rendered error repeats the line, which may hold a secret.
        let origin = Origin::File { path: path.to_owned(), line };
        reader.mistakes.push(Mistake::new("syntax", error.message().to_owned()).from_origin(origin));
    }
    reader.top(table.get_ref());
    (reader.entries, reader.mistakes)
}

struct Reader<'a> {
    text: &'a str,
    path: &'a str,
    shape: &'a Shape,
    entries: Vec<Entry>,
    mistakes: Vec<Mistake>,
    /// Lines with a mistake in their syntax: what was recovered from them is a guess.
    broken: Vec<usize>,
}

impl Reader<'_> {
    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    }

    fn origin(&self, line: usize) -> Origin {
        Origin::File { path: self.path.to_owned(), line: Some(line) }
    }

    fn top(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let line = self.line(name.span().start);
            let section =
                self.shape.sections.iter().position(|s| !s.name.is_empty() && s.name == name.get_ref());
            match (section, value.get_ref()) {
                (Some(at), DeValue::Table(fields)) => self.section(at, fields),
                (Some(_), _) => {
                    let hint = format!(
                        "write [{name}] on a line of its own and its settings below",
                        name = name.get_ref()
                    );
                    self.mistake(name.get_ref(), line, "is a section, not a value", Some(hint));
                }
                (None, DeValue::Table(_)) if !self.shape.by_key.contains_key(name.get_ref().as_ref()) => {
                    let names = self.shape.sections.iter().map(|s| s.name).filter(|name| !name.is_empty());
                    let hint = did_you_mean(name.get_ref(), names);
                    self.mistake(name.get_ref(), line, "there is no such section", hint);
                }
                // A quoted "server.listen" would slip past the check for two of the same key.
                _ if name.get_ref().contains('.') => {
                    self.mistake(
                        name.get_ref(),
                        line,
                        "there is no such setting",
                        Some("leave the quotes out".into()),
                    );
                }
                _ => self.value(name.get_ref(), line, value),
            }
        }
    }

    fn section(&mut self, at: usize, fields: &DeTable<'_>) {
        let name = self.shape.sections[at].name;
        for (field, value) in fields {
            let line = self.line(field.span().start);
            self.value(&format!("{name}.{}", field.get_ref()), line, value);
        }
    }

    fn value(&mut self, key: &str, line: usize, value: &Spanned<DeValue<'_>>) {
        if self.broken.contains(&line) {
            return;
        }
        match (self.shape.by_key.get(key), json(value.get_ref())) {
            (None, _) => {
                let hint = did_you_mean(key, self.shape.by_key.keys().map(String::as_str));
                self.mistake(key, line, "there is no such setting", hint);
            }
            (Some(_), Err(message)) => self.mistake(key, line, message, None),
            (Some(at), Ok(value)) => {
                let origin = self.origin(line);
                self.entries.push(Entry { at: *at, value, origin });
            }
        }
    }

    fn mistake(&mut self, key: &str, line: usize, message: &str, hint: Option<String>) {
        if !self.broken.contains(&line) {
            let origin = self.origin(line);
            let key = key.escape_debug().to_string();
            self.mistakes.push(Mistake { hint, ..Mistake::new(key, message).from_origin(origin) });
        }
    }
}

/// A TOML value as JSON, in which the other layers speak.
fn json(value: &DeValue<'_>) -> Result<Value, &'static str> {
    Ok(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            let read = i64::from_str_radix(&digits, number.radix()).map(Value::from);
            read.or_else(|_| u64::from_str_radix(&digits, number.radix()).map(Value::from))
                .map_err(|_| "the number is too large")?
        }
        DeValue::Float(number) => {
            let read = number.as_str().replace('_', "").parse::<f64>().map_err(|_| "this is not a number")?;
            Value::Number(serde_json::Number::from_f64(read).ok_or("the number must be finite")?)
        }
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(items) => {
            items.iter().map(|item| json(item.get_ref())).collect::<Result<Vec<_>, _>>()?.into()
        }
        DeValue::Table(table) => {
            let pairs =
                table.iter().map(|(name, item)| Ok((name.get_ref().to_string(), json(item.get_ref())?)));
            Value::Object(pairs.collect::<Result<Map<_, _>, &'static str>>()?)
        }
    })
}

/// The one value of `v = text`: how built-in defaults are written.
pub(crate) fn single(text: &str) -> Result<Value, String> {
    let table = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
    let value = table.get_ref().get("v").ok_or("there is no value")?;
    json(value.get_ref()).map_err(str::to_owned)
}

/// Reads the file at `path`, with what is wrong with the file as such.
pub(crate) fn read(path: &Path) -> Result<(zeroize::Zeroizing<String>, std::fs::Metadata, bool), String> {
    let linked = path.symlink_metadata().map_err(|error| format!("can not be opened: {error}"))?.is_symlink();
    let about = path.metadata().map_err(|error| format!("can not be opened: {error}"))?;
    if !about.is_file() {
        return Err("is not a plain file".to_owned());
    }
    if about.len() > 1024 * 1024 {
        return Err("is larger than 1 MiB: is it the right file?".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|error| format!("can not be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())?;
    Ok((zeroize::Zeroizing::new(text), about, linked))
}
