//! What may be asked about keys and sessions.

use identity::control::{self, NewKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::Result;
use web::App;

/// About API keys and the keys that sign access tokens.
#[derive(Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum KeyOrder {
    List { workspace: Option<String> },
    Create { new: NewKey },
    Revoke { which: String },
    RotateSigning { at_once: bool },
}

/// About sessions.
#[derive(Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum SessionOrder {
    List { email: String },
    Revoke { id: String },
    RevokeAll { email: String },
}

impl KeyOrder {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::List { .. } => "key-list",
            Self::Create { .. } => "key-create",
            Self::Revoke { .. } => "key-revoke",
            Self::RotateSigning { .. } => "key-rotate-signing",
        }
    }

    pub(super) async fn perform(self, app: &App) -> Result<Value> {
        match self {
            Self::List { workspace } => control::list_keys(app, workspace).await,
            Self::Create { new } => control::create_key(app, new).await,
            Self::Revoke { which } => control::revoke_key(app, &which).await,
            Self::RotateSigning { at_once } => control::rotate_signing(app, at_once).await,
        }
    }
}

impl SessionOrder {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::List { .. } => "session-list",
            Self::Revoke { .. } => "session-revoke",
            Self::RevokeAll { .. } => "session-revoke-all",
        }
    }

    pub(super) async fn perform(self, app: &App) -> Result<Value> {
        match self {
            Self::List { email } => control::list_sessions(app, &email).await,
            Self::Revoke { id } => control::revoke_session(app, &id).await,
            Self::RevokeAll { email } => control::revoke_sessions(app, &email).await,
        }
    }
}
