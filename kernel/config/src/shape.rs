//! All sections together: which keys there are, and whether the declarations themselves are sound.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};

use crate::environment::variable;
use crate::{Field, Mistake, Section};

/// What decides where the data is. Changed at run time, it would leave the data behind.
const PLACES: [&str; 4] = ["data", "database.url", "storage.url", "cache.url"];

/// Where a field stands: section, then field.
pub(crate) type At = (usize, usize);

pub(crate) struct Shape {
    pub(crate) sections: Vec<&'static Section>,
    pub(crate) by_type: HashMap<TypeId, usize>,
    pub(crate) by_key: BTreeMap<String, At>,
    pub(crate) by_variable: BTreeMap<String, At>,
}

impl Shape {
    pub(crate) fn new(sections: &[&'static Section]) -> (Self, Vec<Mistake>) {
        let mut shape = Self {
            sections: sections.to_vec(),
            by_type: HashMap::new(),
            by_key: BTreeMap::new(),
            by_variable: BTreeMap::new(),
        };
        let mut mistakes = Vec::new();
        for (s, section) in sections.iter().enumerate() {
            if sections[..s].iter().any(|other| other.name == section.name) {
                mistakes.push(Mistake::new(section.name, "two sections have this name"));
            }
            shape.by_type.insert((section.type_id)(), s);
            for (f, field) in section.fields.iter().enumerate() {
                let key = section.key(field.name);
                mistakes.extend(unsound(&key, field));
                let taken = shape.by_variable.insert(variable(section, field.name), (s, f)).is_some();
                if shape.by_key.insert(key.clone(), (s, f)).is_some() || taken {
                    mistakes.push(Mistake::new(
                        key,
                        "two settings have this name in the file or the environment",
                    ));
                }
            }
        }
        (shape, mistakes)
    }

    pub(crate) fn field(&self, at: At) -> (&'static Section, &'static Field) {
        let section = self.sections[at.0];
        (section, &section.fields[at.1])
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = At> + '_ {
        self.sections
            .iter()
            .enumerate()
            .flat_map(|(s, section)| (0..section.fields.len()).map(move |f| (s, f)))
    }
}

fn unsound(key: &str, field: &Field) -> Option<Mistake> {
    if field.runtime && PLACES.contains(&key) {
        Some(Mistake::new(key, "decides where the data is and can not be a run-time setting"))
    } else if field.help.trim().is_empty() {
        Some(Mistake::new(key, "has no help: write a doc comment"))
    } else {
        None
    }
}
