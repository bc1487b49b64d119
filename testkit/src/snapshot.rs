//! Shapes that clients rely on, kept beside the tests: what changes by accident fails, what changes on purpose is
//! looked at.

use std::path::PathBuf;

use serde_json::Value;

/// Holds `value` against `tests/it/snapshots/NAME.json` of the crate whose manifest folder is given (write
/// `env!("CARGO_MANIFEST_DIR")`). Ids, times and tags are replaced first. With `MAINSTAY_TEST_SNAPSHOTS=write` the file
/// is written instead.
#[track_caller]
pub fn snapshot(crate_folder: &str, name: &str, value: &Value) {
    let path = PathBuf::from(crate_folder).join("tests/it/snapshots").join(format!("{name}.json"));
    let mut value = value.clone();
    steady(&mut value);
    let text = format!("{value:#}\n");
    if crate::asked("MAINSTAY_TEST_SNAPSHOTS", "write") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of snapshots");
        std::fs::write(&path, text).expect("a snapshot that can be written");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; MAINSTAY_TEST_SNAPSHOTS=write makes it", path.display())
    });
    assert_eq!(kept, text, "{} is not what it was; look, then write it anew", path.display());
}

fn steady(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(stand_in) = stand_in(text) {
                *text = stand_in;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(steady),
        Value::Object(members) => members.values_mut().for_each(steady),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `ste_01j...` becomes `ste_*`, a time `TIME`; everything else stays.
fn stand_in(text: &str) -> Option<String> {
    if text.parse::<types::Time>().is_ok() {
        return Some("TIME".to_owned());
    }
    let (prefix, rest) = text.rsplit_once('_').unwrap_or(("", text));
    let stand_in = if prefix.is_empty() { "*".to_owned() } else { format!("{prefix}_*") };
    types::Id::decode(rest).ok().map(|_| stand_in)
}
