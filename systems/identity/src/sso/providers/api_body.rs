//! What is sent and shown of a provider.

use config::Secret;
use serde::{Deserialize, Serialize};
use types::{Problems, Time};
use utoipa::ToSchema;
use web::{App, Check, Field, Thing};

use super::model::{Kept, Provider, Provisioning};
use crate::sso::logins::callback_url;
use crate::workspaces::Role;

/// A provider to sign in at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SsoProviderIn {
    /// In addresses; it never changes.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub(super) name: String,
    /// What a button says; the name when it is not sent.
    #[schema(min_length = 1, max_length = 80)]
    title: Option<String>,
    /// The provider's issuer, exactly as it says it itself. `https`, or `http` on this machine.
    #[schema(min_length = 1, max_length = 500)]
    issuer: String,
    #[schema(min_length = 1, max_length = 255)]
    client_id: String,
    /// Sealed, and never given back. Leave it out for a public client.
    #[schema(max_length = 255, format = Password)]
    client_secret: Option<String>,
    /// What is asked for; `openid`, `email` and `profile` when it is not sent.
    #[schema(max_items = 50)]
    scopes: Option<Vec<String>>,
    /// When it is set, the provider's access token must be a signed one for this audience.
    #[schema(min_length = 1, max_length = 255)]
    audience: Option<String>,
    /// Only people with an address in one of these domains; everybody when it is empty.
    #[serde(default)]
    #[schema(max_items = 50)]
    domains: Vec<String>,
    /// Whether an account is made at the first sign-in.
    provisioning: Option<Provisioning>,
    /// The workspace that new people belong to: its id or its slug.
    #[schema(min_length = 1, max_length = 255)]
    workspace: Option<String>,
    /// Their role there, which can not be owner.
    role: Option<Role>,
    enabled: Option<bool>,
}

impl SsoProviderIn {
    pub(super) fn provider(&self) -> Provider {
        Provider {
            name: self.name.clone(),
            title: self.title.clone().unwrap_or_else(|| self.name.clone()),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: Secret::new(self.client_secret.clone().unwrap_or_default()),
            scopes: self.scopes.clone().unwrap_or_else(Provider::usual_scopes),
            audience: self.audience.clone(),
            domains: self.domains.clone(),
            provisioning: self.provisioning.unwrap_or(Provisioning::Off),
            workspace: self.workspace.clone(),
            role: self.role.unwrap_or(Role::Member),
            enabled: self.enabled.unwrap_or(true),
            kept: None,
        }
    }
}

impl Check for SsoProviderIn {
    fn check(&self, problems: &mut Problems) {
        self.provider().check(problems);
    }
}

/// What a provider becomes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SsoProviderPatch {
    /// What a button says.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    title: Field<String>,
    /// With another issuer, the secret must be sent again.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    issuer: Field<String>,
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    client_id: Field<String>,
    /// `null` makes it a public client.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255, format = Password)]
    pub(super) client_secret: Field<String>,
    /// `null` brings the usual ones back.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    scopes: Field<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    audience: Field<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    domains: Field<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Provisioning>)]
    provisioning: Field<Provisioning>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    workspace: Field<String>,
    #[serde(default)]
    #[schema(value_type = Option<Role>)]
    role: Field<Role>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Field<bool>,
}

impl SsoProviderPatch {
    /// What is emptied becomes what it is when it is not sent; what can not be empty is found to be so by the check.
    pub(super) fn onto(&self, now: Provider) -> Provider {
        let or = |field: &Field<String>, text: String| field.clone().onto(Some(text)).unwrap_or_default();
        Provider {
            title: or(&self.title, now.title),
            issuer: or(&self.issuer, now.issuer),
            client_id: or(&self.client_id, now.client_id),
            client_secret: Secret::new(self.client_secret.as_set().cloned().unwrap_or_default()),
            scopes: self.scopes.clone().onto(Some(now.scopes)).unwrap_or_else(Provider::usual_scopes),
            audience: self.audience.clone().onto(now.audience),
            domains: self.domains.clone().onto(Some(now.domains)).unwrap_or_default(),
            provisioning: self.provisioning.clone().onto(Some(now.provisioning)).unwrap_or(Provisioning::Off),
            workspace: self.workspace.clone().onto(now.workspace),
            role: self.role.clone().onto(Some(now.role)).unwrap_or(Role::Member),
            enabled: self.enabled.clone().onto(Some(now.enabled)).unwrap_or(true),
            name: now.name,
            kept: now.kept,
        }
    }
}

/// Which fields fit is known once the provider was found.
impl Check for SsoProviderPatch {
    fn check(&self, _: &mut Problems) {}
}

/// A provider, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct SsoProviderOut {
    name: String,
    title: String,
    issuer: String,
    client_id: String,
    scopes: Vec<String>,
    audience: Option<String>,
    domains: Vec<String>,
    provisioning: Provisioning,
    workspace: Option<String>,
    role: Role,
    enabled: bool,
    /// `file` for one of the settings file, which is changed there; `database` for one that was made here.
    managed_by: &'static str,
    /// What the provider has to be told as the address to send people back to.
    callback_url: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

impl SsoProviderOut {
    pub(super) fn of(provider: Provider, app: &App) -> Self {
        let kept: Option<Kept> = provider.kept;
        Self {
            callback_url: callback_url(app, &provider.name),
            managed_by: if kept.is_some() { "database" } else { "file" },
            created_at: kept.map(|kept| kept.created_at),
            updated_at: kept.map(|kept| kept.updated_at),
            version: kept.map_or(0, |kept| kept.version),
            name: provider.name,
            title: provider.title,
            issuer: provider.issuer,
            client_id: provider.client_id,
            scopes: provider.scopes,
            audience: provider.audience,
            domains: provider.domains,
            provisioning: provider.provisioning,
            workspace: provider.workspace,
            role: provider.role,
            enabled: provider.enabled,
        }
    }
}

impl Thing for SsoProviderOut {
    fn id(&self) -> String {
        self.name.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/sso/providers/{}", self.name)
    }
}
