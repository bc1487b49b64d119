//! Changing settings: the values and an event for each, in one commit.

use config::{Explanation, Settings};
use db::Tx;
use journal::NewEvent;
use serde_json::{Map, Value, json};
use types::{Error, Installation, Result};
use web::Change;

use crate::api::{SettingsOut, SettingsPatch};
use crate::model::{self, SettingRow};
use crate::store;

pub(crate) async fn update(
    tx: &mut Tx,
    scope: &Installation,
    change: &Change<Settings, SettingsPatch>,
) -> Result<SettingsOut> {
    let settings = &change.id;
    let mut rows = store::all(tx, scope).await?;
    let revision = model::revision(&rows);
    refuse_locked(settings, &change.body)?;
    change.admit(model::version(settings, revision))?;

    // What this version does not know is passed over here as it is at start; the change itself must be right.
    let (before, _) = settings.preview(model::layer(&rows));
    let mut layer = before.runtime();
    // A null stays in it, so that the name is judged like any other.
    layer.extend(change.body.0.clone());
    let after = before.with_runtime(layer)?;

    let now = tx.now();
    let next = revision + 1;
    for (key, value) in &change.body.0 {
        let value = Some(value).filter(|value| !value.is_null());
        let stored = rows.iter().position(|row| row.key == *key);
        if stored.and_then(|at| rows[at].value.as_ref()) == value {
            continue;
        }
        let row = SettingRow {
            key: key.clone(),
            value: value.cloned(),
            updated_at: now,
            updated_by: scope.actor().label.to_string(),
            revision: next,
        };
        store::put(tx, scope, &row).await?;
        let event = NewEvent::new("setting.changed", key.clone()).with(told(&before, &after, key, next));
        journal::append_installation(tx, scope, event).await?;
        match stored {
            Some(at) => rows[at] = row,
            None => rows.push(row),
        }
    }
    Ok(SettingsOut::of(settings, &rows))
}

/// What the journal says of a change. Never the value of a secret.
fn told(before: &Settings, after: &Settings, key: &str, revision: i64) -> Value {
    let (was, is) = (before.explain(key), after.explain(key));
    let mut payload = Map::from_iter([("revision".to_owned(), json!(revision))]);
    if let (Some(was), Some(is)) = (was, is)
        && !is.secret
    {
        payload.insert("was".to_owned(), was.value);
        payload.insert("value".to_owned(), is.value);
        payload.insert("origin".to_owned(), json!(is.origin));
    }
    Value::Object(payload)
}

fn refuse_locked(settings: &Settings, patch: &SettingsPatch) -> Result<()> {
    let locked: Vec<(Explanation, String)> = patch
        .0
        .keys()
        .filter_map(|key| settings.explain(key).filter(|setting| setting.runtime))
        .filter_map(|setting| setting.locked_by.clone().map(|lock| (setting, lock)))
        .collect();
    let Some((_, lock)) = locked.first() else { return Ok(()) };
    let message = format!("A setting is fixed by {lock}; a change at run time could have no effect.");
    let refusal = Error::conflict("setting_locked", message).with("locked_by", lock.as_str());
    Err(locked.iter().fold(refusal, |refusal, (setting, lock)| {
        refusal.at_field(format!("/{}", setting.key), "setting_locked", format!("is fixed by {lock}"))
    }))
}
