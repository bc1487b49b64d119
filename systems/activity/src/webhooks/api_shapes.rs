//! What is sent and shown of a webhook, and what is wrong with what was sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Problems, Time};
use utoipa::ToSchema;
use web::{Check, Field, Thing};

use super::model::{self, LONGEST_DESCRIPTION, LONGEST_URL, MOST_TYPES, State, WebhookId, WebhookRow};
use super::model_patterns as patterns;
use super::ops::Maker;
use super::secret::Secret;

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookIn {
    /// Where it goes: an https address of a public server.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) url: String,
    /// What it is told of: types of events as `member.added`, all of a noun as `member.*`, or `*`.
    #[schema(min_items = 1, max_items = 50)]
    pub(super) types: Vec<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) description: String,
    /// Headers that are sent along, at most ten. Their values are not shown again.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// What may be changed of a webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookPatch {
    /// Whoever changes it decides anew what may be told: what they may read themselves. Headers are kept only as long as scheme,
    /// host and port stay the same; send them again for another server.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 2000)]
    pub(super) url: Field<String>,
    /// Whoever changes them decides anew what may be told: what they may read themselves.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, nullable = false, min_items = 1, max_items = 50)]
    pub(super) types: Field<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, max_length = 200)]
    pub(super) description: Field<String>,
    /// All of them: what is not named is sent along no more. Without it they stay, except where `url` names another server.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>, nullable = false)]
    pub(super) headers: Field<BTreeMap<String, String>>,
    /// `false` tells it nothing more; `true` tells it what happens from now on.
    #[serde(default)]
    #[schema(value_type = Option<bool>, nullable = false)]
    pub(super) enabled: Field<bool>,
}

/// A body together with who sent it.
pub(super) struct Wish<B> {
    pub(super) maker: Maker,
    pub(super) body: B,
}

impl Check for Wish<WebhookIn> {
    fn check(&self, problems: &mut Problems) {
        let WebhookIn { url, types, description, headers } = &self.body;
        self.maker.check_url(url, problems);
        self.maker.check_types(types, problems);
        check_description(description, problems);
        model::check_headers(headers, problems);
    }
}

impl Check for Wish<WebhookPatch> {
    fn check(&self, problems: &mut Problems) {
        let WebhookPatch { url, types, description, headers, enabled } = &self.body;
        let emptied = [
            ("/url", *url == Field::Empty),
            ("/types", *types == Field::Empty),
            ("/description", *description == Field::Empty),
            ("/headers", *headers == Field::Empty),
            ("/enabled", *enabled == Field::Empty),
        ];
        for (path, _) in emptied.into_iter().filter(|(_, empty)| *empty) {
            problems.add(path, "required", "cannot be null");
        }
        if let Some(url) = url.as_set() {
            self.maker.check_url(url, problems);
        }
        if let Some(types) = types.as_set() {
            self.maker.check_types(types, problems);
        }
        if let Some(description) = description.as_set() {
            check_description(description, problems);
        }
        if let Some(headers) = headers.as_set() {
            model::check_headers(headers, problems);
        }
    }
}

fn check_description(text: &str, problems: &mut Problems) {
    if text.chars().count() > LONGEST_DESCRIPTION || text.chars().any(char::is_control) {
        let message = format!("must be one line of at most {LONGEST_DESCRIPTION} characters");
        problems.add("/description", "too_long", message);
    }
}

impl Maker {
    /// https, except on a developer's machine, and nowhere inside: a name is looked at again each time something is sent.
    fn check_url(&self, url: &str, problems: &mut Problems) {
        if url.is_empty() || url.len() > LONGEST_URL {
            problems.add("/url", "too_long", format!("must be 1 to {LONGEST_URL} characters"));
            return;
        }
        let production = self.app.settings().get::<config::sections::General>().is_production();
        if production && !url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            problems.add("/url", "https_needed", "must begin with https://");
        } else if let Err(refusal) = self.app.outbound().check(url) {
            problems.add("/url", "refused", refusal.to_string());
        }
    }

    fn check_types(&self, types: &[String], problems: &mut Problems) {
        if types.is_empty() || types.len() > MOST_TYPES {
            problems.add("/types", "out_of_range", format!("must be 1 to {MOST_TYPES}"));
            return;
        }
        for (at, pattern) in types.iter().enumerate() {
            let declared = self.app.systems().iter().flat_map(|system| system.events);
            if !patterns::can_be_told(pattern, declared, &self.rights) {
                let message = "no such type of event, or none that you may read";
                problems.add(&format!("/types/{at}"), "unknown", message);
            }
        }
    }
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookOut {
    #[schema(value_type = String)]
    id: WebhookId,
    url: String,
    types: Vec<String>,
    description: String,
    /// The names of the headers that are sent along.
    header_names: Vec<String>,
    state: State,
    /// Why it was switched off: `gone` when it answered 410, `failing` after days of failure.
    reason: Option<String>,
    /// Since when nothing has arrived, if it was tried.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Time>,
    /// The secret that signatures are made with. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
    /// Until when the secret before it is signed with too.
    #[schema(value_type = Option<String>, format = DateTime)]
    old_secret_until: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    #[serde(skip)]
    version: i64,
}

impl Thing for WebhookOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/webhooks/{}", self.id)
    }
}

impl From<WebhookRow> for WebhookOut {
    fn from(row: WebhookRow) -> Self {
        Self {
            id: row.id,
            url: row.url,
            types: row.types,
            description: row.description,
            header_names: row.header_names,
            state: row.state,
            reason: row.reason,
            failing_since: row.failing_since,
            secret: None,
            old_secret_until: row.old_secret_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl WebhookOut {
    pub(super) fn with(self, secret: &Secret) -> Self {
        Self { secret: Some(secret.text()), ..self }
    }
}
