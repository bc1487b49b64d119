//! What may be asked about people.

use identity::admin;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::Result;
use web::App;

/// `who` is an address or an id.
#[derive(Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum UserOrder {
    List {
        status: Option<String>,
    },
    Show {
        who: String,
    },
    Create {
        email: String,
        name: Option<String>,
        password: Option<String>,
        workspace: Option<String>,
        role: Option<String>,
    },
    Disable {
        who: String,
    },
    Enable {
        who: String,
    },
    ResetLink {
        who: String,
    },
    Delete {
        who: String,
        now: bool,
    },
}

impl UserOrder {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::List { .. } => "user-list",
            Self::Show { .. } => "user-show",
            Self::Create { .. } => "user-create",
            Self::Disable { .. } => "user-disable",
            Self::Enable { .. } => "user-enable",
            Self::ResetLink { .. } => "user-reset-link",
            Self::Delete { .. } => "user-delete",
        }
    }
}

pub(crate) async fn perform(app: &App, public: &str, order: UserOrder) -> Result<Value> {
    match order {
        UserOrder::List { status } => admin::list(app, status.as_deref()).await,
        UserOrder::Show { who } => admin::show(app, &who).await,
        UserOrder::Create { email, name, password, workspace, role } => {
            let new = admin::NewPerson { email, name, password, workspace, role };
            admin::create_person(app, new, public).await
        }
        UserOrder::Disable { who } => admin::disable(app, &who).await,
        UserOrder::Enable { who } => admin::enable(app, &who).await,
        UserOrder::ResetLink { who } => admin::reset_link(app, &who, public).await,
        UserOrder::Delete { who, now } => admin::delete(app, &who, now).await,
    }
}
