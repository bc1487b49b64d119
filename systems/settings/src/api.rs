//! Seeing and changing the settings of the installation.

use axum::extract::State;
use config::{Explanation, Settings};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use types::{Installation, Problems, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Commit, Json, Reply, Result, Thing, View};

use crate::model::{self, SettingRow};
use crate::{jobs, ops, store};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_settings, update_settings))
}

/// What may change at run time, and what it is now.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingsOut {
    /// Counts the changes made at run time.
    revision: i64,
    items: Vec<SettingOut>,
    #[serde(skip)]
    version: i64,
}

/// One setting.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingOut {
    /// Its name, `limits.anonymous`.
    key: String,
    /// What it means.
    help: String,
    /// What it can be, in words.
    kind: String,
    /// What it can be, as a JSON schema.
    #[schema(value_type = Object)]
    schema: Value,
    /// What it is now; null when it is not set. A secret is `[secret]`.
    value: Value,
    /// What it is when nothing sets it.
    default: Value,
    /// Where the value comes from: `default`, `file PATH:LINE`, `database`, `env NAME` or `flag --NAME`.
    origin: String,
    /// The variable or flag that fixes it. Such a setting can not be changed here.
    locked_by: Option<String>,
    /// Whether the value is hidden.
    secret: bool,
    /// When it was last changed at run time.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Time>,
    /// Who changed it then.
    updated_by: Option<String>,
}

/// Settings by name, each with its new value. Null puts a setting back to what the file or the default says.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct SettingsPatch(pub(crate) Map<String, Value>);

impl<'de> Deserialize<'de> for SettingsPatch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = SettingsPatch;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<SettingsPatch, A::Error> {
                let mut all = Map::new();
                while let Some((key, value)) = from.next_entry::<String, Value>()? {
                    if all.insert(key, value).is_some() {
                        return Err(A::Error::custom("a setting is named twice"));
                    }
                }
                Ok(SettingsPatch(all))
            }
        }

        from.deserialize_map(Names)
    }
}

/// What is wrong with a value only the settings know; see `ops`.
impl Check for SettingsPatch {
    fn check(&self, _: &mut Problems) {}
}

impl Thing for SettingsOut {
    fn id(&self) -> String {
        "settings".to_owned()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        "/api/v1/settings".to_owned()
    }
}

impl SettingsOut {
    /// What the rows make of the settings, whether they are applied here already or not.
    pub(crate) fn of(settings: &Settings, rows: &[SettingRow]) -> Self {
        let (now, _) = settings.preview(model::layer(rows));
        let revision = model::revision(rows);
        let items = model::changeable(&now).map(|setting| {
            let row = rows.iter().find(|row| row.key == setting.key);
            SettingOut::of(setting, row)
        });
        Self { revision, items: items.collect(), version: model::version(settings, revision) }
    }
}

impl SettingOut {
    fn of(setting: Explanation, row: Option<&SettingRow>) -> Self {
        Self {
            key: setting.key,
            help: setting.help,
            kind: setting.kind,
            schema: setting.schema,
            value: setting.value,
            default: setting.default,
            origin: setting.origin.to_string(),
            locked_by: setting.locked_by,
            secret: setting.secret,
            updated_at: row.map(|row| row.updated_at),
            updated_by: row.map(|row| row.updated_by.clone()),
        }
    }
}

/// The settings that may change at run time.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", operation_id = "get_settings",
    responses((status = 200, description = "Every setting that may change at run time.", body = SettingsOut)))]
async fn get_settings(view: View<Installation>, State(app): State<App>) -> Result<Reply> {
    view.one(app.settings().clone(), |rx, scope, settings| {
        Box::pin(async move { Ok(Some(SettingsOut::of(settings, &store::all(rx, scope).await?))) })
    })
    .await
}

/// Changes settings, all of them or none. They apply at once, without a restart.
#[utoipa::path(patch, path = "/api/v1/settings", tag = "settings", operation_id = "update_settings",
    request_body = SettingsPatch,
    responses((status = 200, description = "The settings as they are now.", body = SettingsOut)))]
async fn update_settings(
    commit: Commit<Installation>,
    State(app): State<App>,
    Json(patch): Json<SettingsPatch>,
) -> Result<Reply> {
    let settings = app.settings().clone();
    let reply =
        commit.updated(settings, patch, |tx, scope, change| Box::pin(ops::update(tx, scope, change))).await?;
    // The change is made whether or not this works: the next look at the database, within a second, does the same.
    if let Err(error) = jobs::refresh(app).await {
        tracing::warn!(?error, "changed settings are not applied yet");
    }
    Ok(reply)
}
