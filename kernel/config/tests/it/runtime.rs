//! Changing settings while the server runs.

use std::time::Duration;

use serde_json::json;

use crate::{Sample, map, of};

#[test]
fn a_change_is_seen_by_all_clones_and_announced() {
    let settings = of("[sample]\nnumber = 2").unwrap();
    let clone = settings.clone();
    let changes = settings.changes();
    let before = clone.get::<Sample>();
    let changed = settings.set_runtime(map(json!({"sample.number": 3, "sample.span": "20s"}))).unwrap();
    assert_eq!(changed, ["sample.number", "sample.span"]);
    assert!(changes.has_changed().unwrap());
    assert_eq!(clone.get::<Sample>().number, 3);
    assert_eq!(clone.get::<Sample>().span, Duration::from_secs(20));
    assert_eq!(before.number, 2, "what was read before stays as it was");
    assert_eq!(settings.set_runtime(map(json!({"sample.span": "20s"}))).unwrap(), ["sample.number"]);
    assert_eq!(clone.get::<Sample>().number, 2, "without a run-time value the file counts again");
}

#[test]
fn a_change_with_one_mistake_changes_nothing() {
    let settings = of("").unwrap();
    let refused = settings
        .set_runtime(map(
            json!({"sample.number": 3, "sample.span": "3h", "sample.lst": [], "server.listen": "x"}),
        ))
        .unwrap_err();
    assert_eq!(refused.0.len(), 3, "{refused}");
    assert!(refused.to_string().contains("did you mean `sample.list`?"));
    assert_eq!(settings.get::<Sample>().number, 10);
    assert!(!settings.changes().has_changed().unwrap());
    let error = types::Error::from(refused);
    assert_eq!(error.kind(), types::Kind::Invalid);
    assert!(error.fields().iter().any(|field| field.path == "/sample.span"));
}

#[test]
fn sections_judge_a_change_together() {
    let settings = of("mode = 'production'").unwrap();
    let refused = settings.set_runtime(map(json!({"cors.origins": ["http://a.test"]}))).unwrap_err();
    assert!(refused.to_string().contains("is not https"), "{refused}");
    assert!(settings.get::<config::Cors>().origins.is_empty());
    settings.set_runtime(map(json!({"cors.origins": ["https://a.test"]}))).unwrap();
}

#[test]
fn a_start_passes_over_what_a_newer_version_no_longer_knows() {
    let settings = of("").unwrap();
    let values = map(
        json!({"gone.long": 1, "sample.number": 3, "sample.span": "9h", "cors.origins": ["http://a.test"]}),
    );
    let (changed, passed_over) = settings.adopt_runtime(values);
    assert_eq!(changed, ["sample.number"]);
    assert_eq!(passed_over.len(), 3, "{passed_over:?}");
    assert_eq!(settings.get::<Sample>().number, 3);
}

#[test]
fn a_change_can_be_tried_without_making_it() {
    let settings = of("").unwrap();
    let tried = settings.with_runtime(map(json!({"sample.number": 3}))).unwrap();
    assert_eq!((tried.get::<Sample>().number, settings.get::<Sample>().number), (3, 10));
    assert!(settings.with_runtime(map(json!({"sample.number": "x"}))).is_err());
}

#[test]
fn null_takes_a_value_away() {
    let settings = of("[sample]\nmaybe = 'file'").unwrap();
    settings.set_runtime(map(json!({"sample.maybe": "database"}))).unwrap();
    assert_eq!(settings.get::<Sample>().maybe.as_deref(), Some("database"));
    settings.set_runtime(map(json!({"sample.maybe": null}))).unwrap();
    assert_eq!(settings.get::<Sample>().maybe.as_deref(), Some("file"));
}

#[test]
fn a_changed_secret_is_noticed_though_it_is_never_shown() {
    let settings = of("").unwrap();
    settings.set_runtime(map(json!({"sample.key": "one"}))).unwrap();
    assert_eq!(settings.set_runtime(map(json!({"sample.key": "two"}))).unwrap(), ["sample.key"]);
    let refused = settings.set_runtime(map(json!({"sample.key": "file:/etc/shadow"}))).unwrap_err();
    assert!(refused.to_string().contains("can not name a file at run time"));
    assert_eq!(settings.get::<Sample>().key.expose(), "two");
}
