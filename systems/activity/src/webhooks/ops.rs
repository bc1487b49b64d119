//! Making and changing webhooks, each in one commit.

use std::collections::BTreeMap;
use std::time::Duration;

use db::Tx;
use journal::NewEvent;
use serde_json::json;
use types::{Error, Installation, Result, Rights, Scope, Time};
use web::App;

use super::api::{WebhookIn, WebhookPatch};
use super::deliveries::{self, DeliveryRow};
use super::jobs::follow_job;
use super::model::{State, WebhookId, WebhookRow, origin};
use super::secret::Secret;
use super::{
    CREATED, DELETED, SECRET_ROTATED, UPDATED, Webhooks, model_patterns as patterns, store, store_follower,
};
use crate::WebhookSettings;

/// How long the old secret is signed with beside the new one.
const OVERLAP: Duration = Duration::from_hours(24);

impl Webhooks {
    fn sealed_headers(&self, id: WebhookId, headers: &BTreeMap<String, String>) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(headers).map_err(Error::internal)?;
        self.seal.seal(format!("headers of {id}").as_bytes(), &text)
    }

    fn sealed_secret(&self, id: WebhookId, secret: &Secret) -> Result<Vec<u8>> {
        self.seal.seal(format!("secret of {id}").as_bytes(), secret.bytes())
    }

    /// The secrets that are signed with now: the new one first.
    pub(super) fn secrets(&self, webhook: &WebhookRow, now: Time) -> Result<Vec<Secret>> {
        let about = format!("secret of {}", webhook.id);
        let old =
            webhook.old_secret.as_ref().filter(|_| webhook.old_secret_until.is_some_and(|until| until > now));
        let open = |sealed: &Vec<u8>| self.seal.open(about.as_bytes(), sealed).map(Secret::from_bytes);
        std::iter::once(&webhook.secret)
            .chain(old)
            .map(|sealed| open(sealed).ok_or_else(unreadable))
            .collect()
    }

    pub(super) fn headers(&self, webhook: &WebhookRow) -> Result<BTreeMap<String, String>> {
        let about = format!("headers of {}", webhook.id);
        let text = self.seal.open(about.as_bytes(), &webhook.headers).ok_or_else(unreadable)?;
        serde_json::from_slice(&text).map_err(Error::internal)
    }
}

fn unreadable() -> Error {
    let message = "The webhook was made under another secret of the installation. Make it anew.";
    Error::unavailable("webhook_unreadable", message)
}

/// Somebody who makes or changes a webhook.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) app: App,
    pub(crate) rights: Rights,
}

impl Maker {
    fn granted(&self) -> Vec<String> {
        patterns::granted(self.app.systems().iter().flat_map(|system| system.events), &self.rights)
    }
}

/// A new webhook, and its secret, which nobody sees again.
pub(super) async fn create(
    tx: &mut Tx,
    scope: &Scope,
    maker: &Maker,
    body: &WebhookIn,
) -> Result<(WebhookRow, Secret)> {
    let most = maker.app.settings().get::<WebhookSettings>().per_workspace;
    let used = store::count(tx, scope).await?;
    if used >= i64::from(most) {
        let message = format!("A workspace may have {most} webhooks.");
        return Err(Error::conflict("too_many_webhooks", message).with("limit", most).with("used", used));
    }
    let known = maker.app.extension::<Webhooks>()?;
    let (now, secret) = (tx.now(), Secret::new()?);
    let id = WebhookId::at(now);
    let row = WebhookRow {
        id,
        workspace: scope.workspace(),
        description: body.description.trim().to_owned(),
        url: body.url.clone(),
        types: body.types.clone(),
        granted: maker.granted(),
        header_names: body.headers.keys().cloned().collect(),
        headers: known.sealed_headers(id, &body.headers)?,
        secret: known.sealed_secret(id, &secret)?,
        old_secret: None,
        old_secret_until: None,
        state: State::Enabled,
        reason: None,
        failing_since: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    awaken(tx).await?;
    store::insert(tx, scope, &row).await?;
    tell(tx, scope, CREATED, &row).await?;
    Ok((row, secret))
}

/// Sees to it that somebody reads the journal. Whoever is the first to listen hears what happens from now on: what happened
/// while nobody listened is passed over.
async fn awaken(tx: &mut Tx) -> Result<()> {
    let by = Installation::system("webhooks are told what happens");
    if !store_follower::is_anybody_there(tx, &by).await? {
        let end = journal::end_everywhere(tx, &by).await?;
        store_follower::set(tx, &by, end).await?;
    }
    queue::enqueue_installation(tx, &by, follow_job()?).await?;
    Ok(())
}

pub(super) async fn update(
    tx: &mut Tx,
    scope: &Scope,
    maker: &Maker,
    mut row: WebhookRow,
    patch: &WebhookPatch,
) -> Result<WebhookRow> {
    let known = maker.app.extension::<Webhooks>()?;
    if let Some(description) = patch.description.as_set() {
        description.trim().clone_into(&mut row.description);
    }
    if let Some(url) = patch.url.as_set() {
        move_to(&mut row, maker, &known, url)?;
    }
    if let Some(types) = patch.types.as_set() {
        row.types.clone_from(types);
        row.granted = maker.granted();
    }
    if let Some(headers) = patch.headers.as_set() {
        row.header_names = headers.keys().cloned().collect();
        row.headers = known.sealed_headers(row.id, headers)?;
    }
    match patch.enabled.as_set() {
        Some(true) => return enable(tx, scope, row).await,
        Some(false) if row.state == State::Enabled => row.state = State::Disabled,
        _ => {}
    }
    save(tx, scope, row, UPDATED).await
}

/// From now on it goes there. Whoever says so decides what may be told, as if he chose the types; and what another one keeps
/// secret in the headers does not go to another server.
fn move_to(row: &mut WebhookRow, maker: &Maker, known: &Webhooks, url: &str) -> Result<()> {
    if origin(&row.url) != origin(url) {
        row.header_names = Vec::new();
        row.headers = known.sealed_headers(row.id, &BTreeMap::new())?;
    }
    url.clone_into(&mut row.url);
    row.granted = maker.granted();
    row.failing_since = None;
    Ok(())
}

/// Tells it what happens from now on, also after it was switched off.
pub(super) async fn enable(tx: &mut Tx, scope: &Scope, mut row: WebhookRow) -> Result<WebhookRow> {
    if row.state != State::Enabled {
        awaken(tx).await?;
        (row.state, row.reason, row.failing_since) = (State::Enabled, None, None);
    }
    save(tx, scope, row, UPDATED).await
}

/// A new secret; the old one is signed with too for a day, so that nothing is refused while it is changed over there.
pub(super) async fn rotate(
    tx: &mut Tx,
    scope: &Scope,
    known: &Webhooks,
    mut row: WebhookRow,
) -> Result<(WebhookRow, Secret)> {
    let secret = Secret::new()?;
    let sealed = known.sealed_secret(row.id, &secret)?;
    row.old_secret = Some(std::mem::replace(&mut row.secret, sealed));
    row.old_secret_until = Some(tx.now().plus(OVERLAP));
    Ok((save(tx, scope, row, SECRET_ROTATED).await?, secret))
}

pub(super) async fn delete(tx: &mut Tx, scope: &Scope, row: &WebhookRow) -> Result<()> {
    // Its deliveries end when their jobs find nobody, and are forgotten with the others.
    store::delete(tx, scope, row.id).await?;
    tell(tx, scope, DELETED, row).await
}

/// A delivery that says nothing but that it arrived.
pub(super) async fn test(tx: &mut Tx, scope: &Scope, row: &WebhookRow) -> Result<DeliveryRow> {
    let delivery = DeliveryRow::test(tx.now(), scope.workspace(), row.id);
    deliveries::ops::create(tx, scope, &delivery).await?;
    Ok(delivery)
}

async fn save(tx: &mut Tx, scope: &Scope, mut row: WebhookRow, kind: &'static str) -> Result<WebhookRow> {
    row.updated_at = tx.now();
    if !store::update(tx, scope, &row).await? {
        return Err(Error::not_found());
    }
    row.version += 1;
    tell(tx, scope, kind, &row).await?;
    Ok(row)
}

/// Without the address: its path may hold a secret.
async fn tell(tx: &mut Tx, scope: &Scope, kind: &'static str, row: &WebhookRow) -> Result<()> {
    let said = json!({
        "host": row.host(), "description": row.description, "types": row.types, "state": row.state,
        "version": row.version,
    });
    journal::append(tx, scope, NewEvent::new(kind, row.id.to_string()).with(said)).await?;
    Ok(())
}
