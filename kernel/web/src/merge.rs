//! JSON merge patch (RFC 7396): a field that is not sent stays, `null` empties it, a value replaces it.

use serde::{Deserialize, Deserializer};

/// One field of a `Patch` type. Needs `#[serde(default)]`, so that what was not sent is `Keep`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    #[default]
    Keep,
    Empty,
    Set(T),
}

impl<T> Field<T> {
    /// What an optional field becomes.
    pub fn onto(self, now: Option<T>) -> Option<T> {
        match self {
            Self::Keep => now,
            Self::Empty => None,
            Self::Set(value) => Some(value),
        }
    }

    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    pub fn as_set(&self) -> Option<&T> {
        if let Self::Set(value) = self { Some(value) } else { None }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(|value| value.map_or(Self::Empty, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Patch {
        #[serde(default)]
        name: Field<String>,
    }

    #[test]
    fn missing_null_and_a_value_are_three_things() {
        let read = |text| serde_json::from_str::<Patch>(text).map(|patch| patch.name).ok();
        assert_eq!(read("{}"), Some(Field::Keep));
        assert_eq!(read(r#"{"name":null}"#), Some(Field::Empty));
        assert_eq!(read(r#"{"name":"x"}"#), Some(Field::Set("x".into())));
        assert_eq!(read(r#"{"name":1}"#), None);
        assert_eq!(read(r#"{"other":1}"#), None);
        assert_eq!(Field::Keep.onto(Some(1)), Some(1));
        assert_eq!(Field::Empty.onto(Some(1)), None);
    }
}
