//! One value for every setting, from the layers below the run-time one: defaults, file, environment, flags.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use crate::file::{self, Entry};
use crate::nearest::did_you_mean;
use crate::shape::{At, Shape};
use crate::{Field, Mistake, Origin, Parsed, Sources, protect};

/// A value and where it came from.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) parsed: Parsed,
    pub(crate) origin: Origin,
}

/// By section, then field.
pub(crate) type Slots = Vec<Vec<Slot>>;

/// What a field is when nothing says otherwise.
pub(crate) fn default_of(field: &Field) -> Result<Parsed, String> {
    if field.default == "none" {
        return (field.from_value)(&Value::Null);
    }
    (field.from_value)(&file::single(&format!("v = {}", field.default))?)
}

/// Puts the layers on each other and keeps every mistake that is found on the way.
pub(crate) struct Layers<'a> {
    shape: &'a Shape,
    pub(crate) slots: Slots,
    pub(crate) mistakes: Vec<Mistake>,
    /// Keys whose value is wrong: nothing may be concluded from what stands in for it.
    pub(crate) wrong: BTreeSet<String>,
}

impl<'a> Layers<'a> {
    /// The defaults; none when one of them can not be read.
    pub(crate) fn defaults(shape: &'a Shape) -> Result<Self, Vec<Mistake>> {
        let mut layers = Self { shape, slots: Vec::new(), mistakes: Vec::new(), wrong: BTreeSet::new() };
        for section in &shape.sections {
            let mut row = Vec::new();
            for field in section.fields {
                match default_of(field) {
                    Ok(parsed) => row.push(Slot { parsed, origin: Origin::Default }),
                    Err(message) => {
                        let message = format!("the built-in default is wrong: {message}");
                        layers.mistakes.push(Mistake::new(section.key(field.name), message));
                    }
                }
            }
            layers.slots.push(row);
        }
        if layers.mistakes.is_empty() { Ok(layers) } else { Err(layers.mistakes) }
    }

    pub(crate) fn from_slots(shape: &'a Shape, slots: Slots) -> Self {
        Self { shape, slots, mistakes: Vec::new(), wrong: BTreeSet::new() }
    }

    pub(crate) fn sources(&mut self, sources: &mut Sources) {
        if let Some(path) = &sources.file {
            self.file(path);
        }
        for (name, value) in &mut sources.env {
            self.variable(name, value);
            value.zeroize();
        }
        for name in &sources.unreadable {
            self.mistakes.push(Mistake::new(name.clone(), "the value is not UTF-8 text"));
        }
        for flag in &sources.flags {
            self.flag(flag);
        }
    }

    fn file(&mut self, path: &Path) {
        let shown = path.display().to_string();
        let (text, about, linked) = match file::read(path) {
            Ok(read) => read,
            Err(message) => return self.mistakes.push(Mistake::new(shown, message)),
        };
        let inline_secret = self.text(&text, &shown);
        let problem = protect::open_to_all(&about);
        if let Some(problem) = problem.filter(|problem| inline_secret || problem.contains("written")) {
            let hint = format!("run: chmod 640 {shown}");
            self.mistakes.push(Mistake::new(shown.clone(), problem).hint(hint));
        }
        if inline_secret && linked {
            let hint = "name the file itself, or move the secret out: file:/path/of/secret";
            self.mistakes.push(Mistake::new(shown, "holds a secret and is a symbolic link").hint(hint));
        }
    }

    /// The text of a settings file. Says whether a secret stands in it.
    pub(crate) fn text(&mut self, text: &str, path: &str) -> bool {
        let (entries, mistakes) = file::entries(text, path, self.shape);
        self.wrong.extend(mistakes.iter().map(|mistake| mistake.key.clone()));
        self.mistakes.extend(mistakes);
        let mut inline_secret = false;
        for Entry { at, mut value, origin } in entries {
            let (_, field) = self.shape.field(at);
            let indirect = field.secret && value.as_str().is_some_and(|text| text.starts_with("file:"));
            let read = resolve(field, &value).and_then(|value| (field.from_value)(&value));
            // A wrong value of a secret is a secret all the same.
            inline_secret |= !indirect && read.as_ref().map_or(field.secret, |parsed| parsed.holds_secret);
            let echo = echo(field, &value);
            if let Value::String(text) = &mut value {
                text.zeroize();
            }
            self.put(at, origin, read, echo);
        }
        inline_secret
    }

    fn variable(&mut self, name: &str, text: &str) {
        let origin = Origin::Env(name.to_owned());
        let Some(at) = self.shape.by_variable.get(name).copied() else {
            let hint = did_you_mean(name, self.shape.by_variable.keys().map(String::as_str));
            let mistake = Mistake::new(name, "there is no setting for this variable");
            return self.mistakes.push(Mistake { hint, ..mistake });
        };
        let (_, field) = self.shape.field(at);
        let value = Value::from(text);
        let read = match resolve(field, &value) {
            Ok(Value::String(text)) => (field.from_text)(&text),
            Ok(value) => (field.from_value)(&value),
            Err(message) => Err(message),
        };
        self.put(at, origin, read, echo(field, &value));
    }

    fn flag(&mut self, flag: &crate::Flag) {
        let origin = Origin::Flag(flag.name.clone());
        let Some(at) = self.shape.by_key.get(&flag.key).copied() else {
            let hint = did_you_mean(&flag.key, self.shape.by_key.keys().map(String::as_str));
            let mistake = Mistake::new(flag.key.clone(), "there is no such setting").from_origin(origin);
            return self.mistakes.push(Mistake { hint, ..mistake });
        };
        let (_, field) = self.shape.field(at);
        let read = (field.from_text)(&flag.value).and_then(|parsed| {
            if parsed.holds_secret || field.secret {
                return Err("a secret can not be a flag: every process on the machine can read it; \
                            use the settings file, the environment or file:/path"
                    .to_owned());
            }
            Ok(parsed)
        });
        self.put(at, origin, read, echo(field, &Value::from(flag.value.as_str())));
    }

    /// The run-time layer. It is refused as a whole by whoever finds mistakes in it.
    pub(crate) fn runtime(&mut self, values: &Map<String, Value>) {
        for (key, value) in values {
            let Some(at) = self.shape.by_key.get(key).copied() else {
                let hint = did_you_mean(key, self.shape.by_key.keys().map(String::as_str));
                let mistake = Mistake::new(key.escape_debug().to_string(), "there is no such setting");
                self.mistakes.push(Mistake { hint, ..mistake.from_origin(Origin::Database) });
                continue;
            };
            let (_, field) = self.shape.field(at);
            if !field.runtime {
                let mistake = Mistake::new(key.clone(), "can not be changed at run time");
                let hint = "set it in the settings file or the environment and restart";
                self.mistakes.push(mistake.hint(hint).from_origin(Origin::Database));
                continue;
            }
            if value.is_null() {
                continue;
            }
            let read = if field.secret && value.as_str().is_some_and(|text| text.starts_with("file:")) {
                Err("can not name a file at run time: who may change settings may not read every file"
                    .to_owned())
            } else {
                (field.from_value)(value)
            };
            self.put(at, Origin::Database, read, echo(field, value));
        }
    }

    fn put(&mut self, at: At, origin: Origin, read: Result<Parsed, String>, echo: Option<String>) {
        let (section, field) = self.shape.field(at);
        match read {
            Ok(parsed) => {
                let slot = &mut self.slots[at.0][at.1];
                if origin != Origin::Database || slot.origin.lock().is_none() {
                    *slot = Slot { parsed, origin };
                }
            }
            Err(message) => {
                let key = section.key(field.name);
                let message = message + &echo.unwrap_or_default();
                self.mistakes.push(Mistake::new(key.clone(), message).from_origin(origin));
                self.wrong.insert(key);
            }
        }
    }
}

/// Follows `file:/path` where a secret is meant.
fn resolve(field: &Field, value: &Value) -> Result<Value, String> {
    match value.as_str().and_then(|text| text.strip_prefix("file:")).filter(|_| field.secret) {
        Some(path) => protect::read_secret(Path::new(path)).map(|text| Value::from(text.as_str())),
        None => Ok(value.clone()),
    }
}

/// The wrong value, repeated where that tells no secret.
fn echo(field: &Field, value: &Value) -> Option<String> {
    if !field.echo {
        return None;
    }
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.escape_debug().to_string());
    let short: String = text.chars().take(60).collect();
    Some(format!("; it is `{short}{}`", if short.len() < text.len() { "..." } else { "" }))
}
