//! The plain kinds: switches, numbers, text, paths, addresses, lists, maps, what may be unset.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::{Kind, Setting, expected};

impl Setting for bool {
    fn kind() -> Kind {
        Kind::new("true or false", "true", json!({"type": "boolean"}))
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(expected::<Self>)
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(expected::<Self>()),
        }
    }

    fn shown(&self) -> Value {
        json!(self)
    }
}

macro_rules! numbers {
    ($($number:ident: $name:literal),*) => {$(
        impl Setting for $number {
            fn kind() -> Kind {
                let schema = json!({"type": "integer", "minimum": $number::MIN, "maximum": $number::MAX});
                Kind::new($name, "10", schema)
            }

            fn from_value(value: &Value) -> Result<Self, String> {
                let read = value
                    .as_i64()
                    .and_then(|n| Self::try_from(n).ok())
                    .or_else(|| value.as_u64().and_then(|n| Self::try_from(n).ok()));
                read.ok_or_else(expected::<Self>)
            }

            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| expected::<Self>())
            }

            fn shown(&self) -> Value {
                json!(self)
            }
        }
    )*};
}
numbers!(
    u16: "a whole number from 0 to 65535",
    u32: "a whole number from 0 to 4294967295",
    u64: "a whole number from 0",
    usize: "a whole number from 0",
    i64: "a whole number"
);

impl Setting for String {
    fn kind() -> Kind {
        Kind::text("text", "\"main\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(expected::<Self>)?;
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err("control characters are not allowed here".to_owned());
        }
        Ok(text.to_owned())
    }

    fn shown(&self) -> Value {
        json!(self)
    }
}

impl Setting for PathBuf {
    fn kind() -> Kind {
        Kind::text("a path", "\"/var/lib/mainstay\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some(text) if !text.is_empty() && !text.contains('\0') => Ok(Self::from(text)),
            _ => Err(expected::<Self>()),
        }
    }

    fn shown(&self) -> Value {
        json!(self.to_string_lossy())
    }
}

impl Setting for SocketAddr {
    fn kind() -> Kind {
        Kind::text("an address and a port", "\"127.0.0.1:8080\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        value.as_str().and_then(|text| text.parse().ok()).ok_or_else(expected::<Self>)
    }

    fn shown(&self) -> Value {
        json!(self.to_string())
    }
}

impl<T: Setting> Setting for Option<T> {
    const SECRET: bool = T::SECRET;
    const ECHO: bool = T::ECHO;

    fn kind() -> Kind {
        Kind { optional: true, ..T::kind() }
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::from_text(text).map(Some) }
    }

    fn shown(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::shown)
    }

    fn holds_secret(&self) -> bool {
        self.as_ref().is_some_and(T::holds_secret)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const SECRET: bool = T::SECRET;
    const ECHO: bool = T::ECHO;

    fn kind() -> Kind {
        let item = T::kind();
        let schema = json!({"type": "array", "items": item.schema});
        Kind::new(format!("a list, each {}", item.name), format!("[{}]", item.example), schema)
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        numbered(value.as_array().ok_or_else(expected::<Self>)?.iter().map(T::from_value))
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::new());
        }
        if text.starts_with('[') {
            let value: Value = serde_json::from_str(text).map_err(|_| expected::<Self>())?;
            return Self::from_value(&value);
        }
        numbered(text.split(',').map(|item| T::from_text(item.trim())))
    }

    fn shown(&self) -> Value {
        self.iter().map(T::shown).collect()
    }

    fn holds_secret(&self) -> bool {
        self.iter().any(T::holds_secret)
    }
}

fn numbered<T>(items: impl Iterator<Item = Result<T, String>>) -> Result<Vec<T>, String> {
    items
        .enumerate()
        .map(|(at, item)| item.map_err(|message| format!("item {}: {message}", at + 1)))
        .collect()
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    const SECRET: bool = T::SECRET;
    const ECHO: bool = T::ECHO;

    fn kind() -> Kind {
        let item = T::kind();
        let schema = json!({"type": "object", "additionalProperties": item.schema});
        let example = format!("{{ \"name\" = {} }}", item.example);
        Kind::new(format!("a table of names, each with {}", item.name), example, schema)
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or_else(expected::<Self>)?;
        map.iter()
            .map(|(name, value)| match T::from_value(value) {
                Ok(value) => Ok((name.clone(), value)),
                Err(message) => Err(format!("`{}`: {message}", name.escape_debug())),
            })
            .collect()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::new());
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|_| format!("expected a JSON object of {}", T::kind().name))?;
        Self::from_value(&value)
    }

    fn shown(&self) -> Value {
        Value::Object(self.iter().map(|(name, value)| (name.clone(), value.shown())).collect::<Map<_, _>>())
    }

    fn holds_secret(&self) -> bool {
        self.values().any(T::holds_secret)
    }
}
