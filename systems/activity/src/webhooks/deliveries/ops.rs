//! What follows from an attempt, in one commit; and asking for one.

use db::Tx;
use queue::NewJob;
use serde_json::json;
use types::{Error, Result, Scope};

use super::jobs::{DELIVER, Deliver};
use super::model::{Attempt, DeliveryId, DeliveryRow, State};
use super::store;
use crate::webhooks::model::{State as Standing, WebhookId, WebhookRow};
use crate::webhooks::{REPLAYED, SWITCHED_OFF, store as webhooks};

/// Makes a delivery and asks for the job that sends it; nothing when this webhook was told of the event before.
pub(crate) async fn create(tx: &mut Tx, scope: &Scope, new: &DeliveryRow) -> Result<()> {
    if store::insert(tx, scope, new).await? {
        enqueue(tx, scope, new.id, new.webhook).await?;
    }
    Ok(())
}

/// Quiet: an event of each delivery would be delivered in its turn, without end.
async fn enqueue(tx: &mut Tx, scope: &Scope, id: DeliveryId, webhook: WebhookId) -> Result<()> {
    let job = NewJob::new(&DELIVER, &Deliver { delivery: id })?.about(webhook.to_string());
    let job = queue::enqueue(tx, scope, job.unique(id.to_string()).quiet()).await?;
    store::set_job(tx, scope, id, job).await
}

/// Sends it once more, under the same id. 409 while it is on its way, and for a webhook that is off.
pub(crate) async fn replay(
    tx: &mut Tx,
    scope: &Scope,
    webhook: &WebhookRow,
    id: DeliveryId,
) -> Result<DeliveryRow> {
    let found = store::get(tx, scope, id).await?.filter(|one| one.webhook == webhook.id);
    let delivery = found.ok_or_else(Error::not_found)?;
    if webhook.state != Standing::Enabled && delivery.event.is_some() {
        let message = "The webhook is off. Enable it first.";
        return Err(Error::conflict("webhook_off", message));
    }
    if !store::again(tx, scope, id).await? {
        let message = "The delivery is still on its way.";
        return Err(Error::conflict("delivery_pending", message));
    }
    enqueue(tx, scope, id, webhook.id).await?;
    let said = json!({"delivery_id": id, "type": delivery.kind});
    let event = journal::NewEvent::new(REPLAYED, webhook.id.to_string()).with(said);
    journal::append(tx, scope, event).await?;
    store::get(tx, scope, id).await?.ok_or_else(Error::not_found)
}

/// What there is to write down of an attempt.
pub(super) struct Ended {
    pub(super) delivery: DeliveryId,
    pub(super) webhook: WebhookId,
    pub(super) state: State,
    pub(super) attempt: Attempt,
    /// Set when the webhook is to be switched off.
    pub(super) off: Option<SwitchOff>,
}

/// Why a webhook is switched off, and who is written to.
pub(super) struct SwitchOff {
    pub(super) reason: &'static str,
    /// It has to have failed since then; nothing where it asked for it.
    pub(super) failing_before: Option<types::Time>,
    pub(super) host: String,
    pub(super) mailer: std::sync::Arc<mail::Mailer>,
    pub(super) notices: Vec<mail::Message>,
}

/// Writes the attempt down, how the webhook stands since, and switches it off where it must be. Tells whether it did.
pub(super) async fn ended(tx: &mut Tx, scope: &Scope, ended: &Ended) -> Result<bool> {
    store::attempted(tx, scope, ended.delivery, ended.state, &ended.attempt).await?;
    if ended.state == State::Delivered {
        webhooks::well(tx, scope, ended.webhook).await?;
    } else {
        let now = tx.now();
        webhooks::failing(tx, scope, ended.webhook, now).await?;
    }
    let Some(off) = &ended.off else { return Ok(false) };
    if !webhooks::switch_off(tx, scope, ended.webhook, off.reason, off.failing_before).await? {
        return Ok(false);
    }
    let said = json!({"reason": off.reason, "host": off.host});
    let event = journal::NewEvent::new(SWITCHED_OFF, ended.webhook.to_string()).with(said);
    journal::append(tx, scope, event).await?;
    for notice in &off.notices {
        off.mailer.send(tx, scope, notice).await?;
    }
    Ok(true)
}
