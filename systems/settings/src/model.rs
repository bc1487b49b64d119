//! A run-time setting as it is stored, and the picture that callers hold of all of them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use config::{Explanation, Settings};
use journal::EventType;
use serde_json::{Map, Value};
use types::Time;

use crate::MANAGE;

pub(crate) const EVENT_TYPES: &[EventType] = &[EventType {
    kind: "setting.changed",
    noun: "setting",
    read: Some(MANAGE),
    meaning: "A setting was changed at run time.",
}];

/// A setting that was changed at run time, or put back when it has no value.
pub(crate) struct SettingRow {
    pub(crate) key: String,
    pub(crate) value: Option<Value>,
    pub(crate) updated_at: Time,
    pub(crate) updated_by: String,
    pub(crate) revision: i64,
}

/// Counts the changes; 0 before the first.
pub(crate) fn revision(rows: &[SettingRow]) -> i64 {
    rows.iter().map(|row| row.revision).max().unwrap_or(0)
}

/// The run-time layer.
pub(crate) fn layer(rows: &[SettingRow]) -> Map<String, Value> {
    rows.iter().filter_map(|row| Some((row.key.clone(), row.value.clone()?))).collect()
}

/// The settings that may change, in the order of their sections.
pub(crate) fn changeable(settings: &Settings) -> impl Iterator<Item = Explanation> {
    settings.show().into_iter().filter(|setting| setting.runtime)
}

/// The version of the whole picture. The revision alone would not do: after a restart with another settings file the
/// same revision looks different, and a client must not be told that nothing has changed.
pub(crate) fn version(settings: &Settings, revision: i64) -> i64 {
    // The hash is of this process's layers only; 20 bits of it leave the revision 43.
    let mut hash = DefaultHasher::new();
    let (below, _) = settings.preview(Map::new());
    for setting in changeable(&below) {
        (setting.key, setting.value.to_string(), setting.origin.to_string(), setting.help).hash(&mut hash);
    }
    let fingerprint = i64::try_from(hash.finish() & 0xF_FFFF).unwrap_or(0);
    (revision << 20) | fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_rises_with_the_revision_and_tells_files_apart() {
        let of = |text| Settings::of_text(config::KERNEL, text).unwrap();
        let (a, b) = (of(""), of("[limits]\nanonymous = 5"));
        assert!(version(&a, 1) > version(&a, 0));
        assert_eq!(version(&a, 3), version(&of(""), 3));
        assert_ne!(version(&a, 3), version(&b, 3));
        let changed = serde_json::json!({"limits.anonymous": 7}).as_object().unwrap().clone();
        a.set_runtime(changed).unwrap();
        assert_eq!(
            version(&a, 3),
            version(&of(""), 3),
            "only the revision counts what was changed at run time"
        );
    }
}
