//! Providers that the settings file declares.
//!
//! Owns how `[sso.providers.NAME]` is read. What a provider may be is said by `providers`.

use std::collections::BTreeMap;

use config::{Kind, Secret, Setting, Value, expected};
use serde_json::{Map, json};
use types::Problems;

use super::providers::{Provider, Provisioning};
use crate::workspaces::Role;

config::section! {
    /// Signing in at other providers, by OpenID Connect.
    pub(crate) struct SsoSettings as "sso" {
        /// The providers of this file, each under `[sso.providers.NAME]`: `issuer` and `client_id`, and as needed `client_secret` (may be
        /// `file:/path`), `title`, `scopes`, `audience`, `domains`, `provisioning` (`off` or `just_in_time`), `workspace`, `role` and `enabled`. They go before
        /// providers of the same name that were made at run time. See the page of the guide about single sign-on.
        #[check(sound)]
        providers: BTreeMap<String, FileProvider> = {},
    }
}

impl SsoSettings {
    /// Every provider of the file.
    pub(crate) fn all(&self) -> impl Iterator<Item = Provider> {
        self.providers.iter().map(|(name, FileProvider(provider))| Provider {
            name: name.clone(),
            title: if provider.title.is_empty() { name.clone() } else { provider.title.clone() },
            ..provider.clone()
        })
    }
}

fn sound(providers: &BTreeMap<String, FileProvider>) -> Result<(), String> {
    for (name, FileProvider(provider)) in providers {
        let mut problems = Problems::new();
        Provider { name: name.clone(), title: name.clone(), ..provider.clone() }.check(&mut problems);
        if let Err(error) = problems.into_result() {
            let wrong = error.fields().iter().map(|field| format!("{} {}", &field.path[1..], field.message));
            return Err(format!("`{}`: {}", name.escape_debug(), wrong.collect::<Vec<_>>().join("; ")));
        }
    }
    Ok(())
}

/// A provider as the file has it: without its name, which is the name of its table.
#[derive(Clone, Debug)]
pub(crate) struct FileProvider(Provider);

const FIELDS: [&str; 10] = [
    "issuer",
    "client_id",
    "client_secret",
    "title",
    "scopes",
    "audience",
    "domains",
    "provisioning",
    "workspace",
    "role",
];

impl Setting for FileProvider {
    // It holds a secret: no mistake repeats any of it.
    const ECHO: bool = false;

    fn kind() -> Kind {
        let text = json!({"type": "string"});
        let texts = json!({"type": "array", "items": {"type": "string"}});
        let mut properties: Map<String, Value> =
            FIELDS.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
        properties.insert("scopes".to_owned(), texts.clone());
        properties.insert("domains".to_owned(), texts);
        properties.insert("provisioning".to_owned(), json!({"enum": ["off", "just_in_time"]}));
        properties.insert("enabled".to_owned(), json!({"type": "boolean"}));
        let schema = json!({"type": "object", "properties": properties, "required": ["issuer", "client_id"],
                            "additionalProperties": false});
        Kind::new("a provider", "{ issuer = \"https://idp.example\", client_id = \"mainstay\" }", schema)
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or_else(expected::<Self>)?;
        if let Some(name) = map.keys().find(|name| !FIELDS.contains(&name.as_str()) && *name != "enabled") {
            return Err(format!("there is no `{}` in a provider", name.escape_debug()));
        }
        let needed = |name| text(map, name)?.ok_or_else(|| format!("`{name}` is missing"));
        Ok(Self(Provider {
            name: String::new(),
            title: text(map, "title")?.unwrap_or_default(),
            issuer: needed("issuer")?,
            client_id: needed("client_id")?,
            client_secret: secret(map)?,
            scopes: texts(map, "scopes")?.unwrap_or_else(Provider::usual_scopes),
            audience: text(map, "audience")?,
            domains: texts(map, "domains")?.unwrap_or_default(),
            provisioning: word(map, "provisioning")?.unwrap_or(Provisioning::Off),
            workspace: text(map, "workspace")?,
            role: word(map, "role")?.unwrap_or(Role::Member),
            enabled: map
                .get("enabled")
                .map_or(Some(true), Value::as_bool)
                .ok_or("`enabled` is true or false")?,
            kept: None,
        }))
    }

    fn shown(&self) -> Value {
        let Self(provider) = self;
        json!({"issuer": provider.issuer, "client_id": provider.client_id, "client_secret": provider.client_secret.shown(),
               "title": provider.title, "scopes": provider.scopes, "audience": provider.audience,
               "domains": provider.domains, "provisioning": provider.provisioning, "workspace": provider.workspace,
               "role": provider.role, "enabled": provider.enabled})
    }

    fn holds_secret(&self) -> bool {
        !self.0.client_secret.is_empty()
    }
}

fn text(map: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    let Some(value) = map.get(name) else { return Ok(None) };
    value.as_str().map(|text| Some(text.to_owned())).ok_or_else(|| format!("`{name}` is text in quotes"))
}

fn texts(map: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, String> {
    let Some(value) = map.get(name) else { return Ok(None) };
    let texts =
        value.as_array().and_then(|all| all.iter().map(|one| one.as_str().map(str::to_owned)).collect());
    texts.map(Some).ok_or_else(|| format!("`{name}` is a list of texts"))
}

/// One of the words of an enum.
fn word<T: serde::de::DeserializeOwned>(map: &Map<String, Value>, name: &str) -> Result<Option<T>, String> {
    let Some(value) = map.get(name) else { return Ok(None) };
    serde_json::from_value(value.clone()).map(Some).map_err(|_| format!("`{name}` is not one of its words"))
}

fn secret(map: &Map<String, Value>) -> Result<Secret, String> {
    let Some(written) = text(map, "client_secret")? else { return Ok(Secret::default()) };
    match written.strip_prefix("file:") {
        Some(path) => config::read_secret(path.as_ref()).map(|text| Secret::new(text.as_str())),
        None => Ok(Secret::new(written)),
    }
}
