//! What a section of settings is made of. `section!` writes these; nobody else needs to.

use std::any::{Any, TypeId};
use std::sync::Arc;

use serde_json::Value;

use crate::secret::HIDDEN;
use crate::{Kind, Mistake, Setting, Settings};

/// A typed section: the struct that `section!` made.
pub trait Typed: Send + Sync + Sized + 'static {
    const DESCRIPTION: &'static Section;
}

/// A section as it is described: its name, its fields, and how its struct is made of their values.
pub struct Section {
    /// The table in the settings file; empty for what stands above the first table.
    pub name: &'static str,
    /// The doc comment of the struct.
    pub help: &'static str,
    pub fields: &'static [Field],
    /// What can only be judged with other settings at hand.
    pub check: fn(&Settings) -> Vec<Mistake>,
    #[doc(hidden)]
    pub type_id: fn() -> TypeId,
    #[doc(hidden)]
    pub build: fn(&Slots<'_>) -> Arc<dyn Any + Send + Sync>,
}

impl Section {
    /// The full key of a field: `server.listen`.
    pub fn key(&self, field: &str) -> String {
        if self.name.is_empty() { field.to_owned() } else { format!("{}.{field}", self.name) }
    }
}

/// One setting as it is described.
pub struct Field {
    pub name: &'static str,
    /// The doc comment of the field.
    pub help: &'static str,
    /// As TOML text; `none` where nothing is the default.
    pub default: &'static str,
    /// May be changed while the server runs.
    pub runtime: bool,
    /// Never shown.
    pub secret: bool,
    /// A wrong value may be repeated in a mistake.
    pub echo: bool,
    pub kind: fn() -> Kind,
    #[doc(hidden)]
    pub from_value: fn(&Value) -> Result<Parsed, String>,
    #[doc(hidden)]
    pub from_text: fn(&str) -> Result<Parsed, String>,
}

/// A value that was read: what it is, and how it may be shown.
#[derive(Clone)]
pub struct Parsed {
    pub(crate) value: Arc<dyn Any + Send + Sync>,
    pub(crate) shown: Value,
    pub(crate) holds_secret: bool,
}

/// The last step of reading a value: its own check, and what may be shown of it.
pub fn parsed<T: Setting>(
    value: Result<T, String>,
    secret: bool,
    check: fn(&T) -> Result<(), String>,
) -> Result<Parsed, String> {
    let value = value?;
    check(&value)?;
    let holds_secret = value.holds_secret() || (secret && !blank(&value.shown()));
    let shown = if secret && holds_secret { Value::from(HIDDEN) } else { value.shown() };
    Ok(Parsed { value: Arc::new(value), shown, holds_secret })
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The values of one section, by the names of its fields.
pub struct Slots<'a> {
    pub(crate) fields: &'static [Field],
    pub(crate) values: Vec<&'a Parsed>,
}

impl Slots<'_> {
    pub fn get<T: Clone + 'static>(&self, name: &str) -> T {
        let at = self.fields.iter().position(|field| field.name == name);
        let value = at.and_then(|at| self.values.get(at)).and_then(|parsed| parsed.value.downcast_ref::<T>());
        value.expect("section! makes the field and its slot from one declaration").clone()
    }

    /// The struct as it is when nothing was set.
    pub fn defaults(section: &'static Section) -> Arc<dyn Any + Send + Sync> {
        let values: Vec<Parsed> = section
            .fields
            .iter()
            .map(|field| crate::layers::default_of(field).expect("a built-in default is read by the tests"))
            .collect();
        (section.build)(&Slots { fields: section.fields, values: values.iter().collect() })
    }
}
