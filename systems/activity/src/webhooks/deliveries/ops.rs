//! What follows from an attempt, in one commit; and asking for one.

use db::{Read, Tx};
use queue::{JobId, NewJob, Reach};
use serde_json::json;
use types::{Error, Installation, Result, Scope};

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
    if delivery.state == State::Queued && is_alive(tx, scope, delivery.job).await? {
        let message = "The delivery is still on its way.";
        return Err(Error::conflict("delivery_pending", message));
    }
    store::again(tx, scope, id).await?;
    enqueue(tx, scope, id, webhook.id).await?;
    let said = json!({"delivery_id": id, "type": delivery.kind});
    let event = journal::NewEvent::new(REPLAYED, webhook.id.to_string()).with(said);
    journal::append(tx, scope, event).await?;
    store::get(tx, scope, id).await?.ok_or_else(Error::not_found)
}

/// Whether a job will still do something: not one that was cancelled, was given up by the queue, or is no more.
async fn is_alive(rx: &mut Read, reach: impl Into<Reach>, job: Option<JobId>) -> Result<bool> {
    let Some(job) = job else { return Ok(false) };
    let found = queue::get(rx, reach, job).await?;
    Ok(found.is_some_and(|job| matches!(job.state, queue::State::Queued | queue::State::Running)))
}

/// Of a batch of deliveries that wait in all workspaces, behind one of them: those that nothing will ever send, and the last
/// of the batch, if there may be more.
pub(super) async fn lost(
    rx: &mut Read,
    by: &Installation,
    after: Option<DeliveryId>,
) -> Result<(Vec<Waiting>, Option<DeliveryId>)> {
    let batch = store::waiting(rx, by, after).await?;
    let last = batch.last().filter(|_| batch.len() >= store::BATCH as usize).map(|(id, _)| *id);
    let mut lost = Vec::new();
    for (id, job) in batch {
        if !is_alive(rx, Reach::Everywhere(by.clone()), job).await? {
            lost.push((id, job));
        }
    }
    Ok((lost, last))
}

/// A delivery that waits, and what sends it.
pub(super) type Waiting = (DeliveryId, Option<JobId>);

/// Ends those of them that are still so.
pub(super) async fn end_lost(tx: &mut Tx, by: &Installation, lost: &[Waiting]) -> Result<()> {
    for (id, job) in lost {
        if !is_alive(tx, Reach::Everywhere(by.clone()), *job).await? {
            let why = "job_ended: Its job was cancelled or is no more. It can be sent again by hand.";
            store::end_lost(tx, by, (*id, *job), why).await?;
        }
    }
    Ok(())
}

/// What there is to write down of an attempt.
pub(super) struct Ended {
    pub(super) delivery: DeliveryId,
    /// The job, and which attempt of it this was.
    pub(super) job: (JobId, i64),
    pub(super) webhook: WebhookId,
    /// Whether it is of an event: a test that fails says nothing about what happens otherwise.
    pub(super) of_event: bool,
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

/// Like [`ended`], for an attempt that does not end its job: refused when that is held by a later one. Whatever this one heard
/// so late counts for nothing.
pub(super) async fn to_be_continued(tx: &mut Tx, scope: &Scope, attempt: &Ended) -> Result<bool> {
    let (id, number) = attempt.job;
    let job = queue::get(tx, scope, id).await?;
    if !job.is_some_and(|job| job.state == queue::State::Running && job.attempt == number) {
        return Err(queue::job_taken_back());
    }
    ended(tx, scope, attempt).await
}

/// Writes the attempt down, how the webhook stands since, and switches it off where it must be. Tells whether it did. In the
/// commit that ends the job, or by way of [`to_be_continued`].
pub(super) async fn ended(tx: &mut Tx, scope: &Scope, ended: &Ended) -> Result<bool> {
    let which = (ended.delivery, ended.job.0);
    if !store::attempted(tx, scope, which, ended.state, &ended.attempt).await? {
        return Ok(false);
    }
    if ended.state == State::Delivered {
        webhooks::well(tx, scope, ended.webhook).await?;
    } else if ended.of_event {
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
