//! The job that sends a delivery until it arrives, and the one that forgets those of long ago.

use std::sync::Arc;
use std::time::Duration;

use queue::{Finished, Job, Kind, NewJob, Retry, Schedule};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, Result, Scope};
use web::App;

use super::model::{DeliveryId, DeliveryRow, State, Verdict};
use super::ops::{Ended, SwitchOff};
use super::{ops, ops_send, store};
use crate::WebhookSettings;
use crate::webhooks::model::{State as Standing, WebhookRow};
use crate::webhooks::{model_patterns as patterns, store as webhooks};

/// Which delivery.
#[derive(Serialize, Deserialize)]
pub(crate) struct Deliver {
    pub(crate) delivery: DeliveryId,
}

/// Tried for about three days: after ten seconds, twenty, and so on, every eight hours in the end. However many of one
/// workspace fail and how slowly, most places are left to others.
pub(crate) static DELIVER: Kind<Deliver> = Kind {
    queue: "webhooks",
    concurrency: 64,
    per_workspace: 8,
    timeout: Duration::from_mins(3),
    retry: Retry { most: 20, first: Duration::from_secs(10), ceiling: Duration::from_hours(8) },
    ..Kind::new("webhooks.deliver", |job, deliver| Box::pin(deliver_one(job, deliver)))
};

async fn deliver_one(job: Job, deliver: Deliver) -> Result<Finished> {
    let (app, scope) = (job.context::<App>()?.clone(), job.scope()?.clone());
    let found = app.db().read((scope.clone(), deliver.delivery), |rx, (scope, id)| {
        Box::pin(async move {
            let Some(delivery) = store::get(rx, scope, *id).await? else { return Ok(None) };
            let webhook = webhooks::get(rx, scope, delivery.webhook).await?;
            Ok(Some((delivery, webhook)))
        })
    });
    let Some((delivery, webhook)) = found.await? else { return job.done().await };
    if delivery.state != State::Queued {
        return job.done().await;
    }
    let webhook = match webhook {
        Some(webhook) if delivery.event.is_none() => webhook,
        Some(webhook) if webhook.state == Standing::Enabled => {
            if !may_hear(&app, &webhook, &delivery) {
                return give_up(&job, delivery.id, NOT_FOR_IT).await;
            }
            webhook
        }
        _ => return give_up(&job, delivery.id, WEBHOOK_OFF).await,
    };
    send(&app, &job, &webhook, &delivery).await
}

/// Whatever is the end of the delivery is the end of its job, in one commit: none is without the other.
async fn send(app: &App, job: &Job, webhook: &WebhookRow, delivery: &DeliveryRow) -> Result<Finished> {
    let scope = job.scope()?.clone();
    // Whoever tests looks at the answer, and tries again himself.
    let once = delivery.event.is_none();
    let last = once || DELIVER.retry.pause(job.failures().saturating_add(1)).is_none();
    let (attempt, verdict) = match ops_send::send(app, &scope, webhook, delivery).await {
        Ok(sent) => sent,
        Err(error) if last => {
            return give_up(job, delivery.id, &format!("{}: {}", error.code(), error.message())).await;
        }
        Err(error) => return Err(error),
    };
    types::faults::point("webhooks.sent");
    let state = match verdict {
        Verdict::Delivered => State::Delivered,
        Verdict::Gone => State::Failed,
        Verdict::Failed { .. } if last => State::Failed,
        Verdict::Failed { .. } => State::Queued,
    };
    let said = attempt.error.clone().unwrap_or_default();
    let off = switch_off(app, &scope, webhook, delivery, verdict).await?;
    let ended = Ended {
        delivery: delivery.id,
        job: (job.id(), job.attempt()),
        webhook: webhook.id,
        of_event: delivery.event.is_some(),
        state,
        attempt,
        off,
    };
    if state != State::Queued {
        count(if state == State::Delivered { "delivered" } else { "given_up" });
        let finish = job.finish(ended, |tx, scope, ended| {
            Box::pin(async move { ops::ended(tx, scope, ended).await.map(drop) })
        });
        return finish.await;
    }
    let write =
        app.db().write((scope, ended), |tx, (scope, ended)| Box::pin(ops::to_be_continued(tx, scope, ended)));
    if write.await? {
        return give_up(job, delivery.id, WEBHOOK_OFF).await;
    }
    count("failed");
    let error = Error::unavailable("delivery_failed", said);
    Err(verdict.wait().into_iter().fold(error, Error::retry_after))
}

const WEBHOOK_OFF: &str = "webhook_off: The webhook is off, or is no more.";
const NOT_FOR_IT: &str =
    "not_permitted: Whoever set the address or the types of the webhook may not read this.";

/// Ends it without an attempt.
async fn give_up(job: &Job, id: DeliveryId, why: &str) -> Result<Finished> {
    count("given_up");
    job.finish((id, why.to_owned()), |tx, scope, (id, why)| Box::pin(store::give_up(tx, scope, *id, why)))
        .await
}

/// Asked again before it is sent: since it was made, somebody who may read less may have set another address.
fn may_hear(app: &App, webhook: &WebhookRow, delivery: &DeliveryRow) -> bool {
    let mut declared = app.systems().iter().flat_map(|system| system.events);
    declared.any(|event| event.kind == delivery.kind && patterns::may_hear(webhook, event))
}

fn count(outcome: &'static str) {
    metrics::counter!("webhook_deliveries_total", "outcome" => outcome).increment(1);
}

/// What there is to do when the webhook is to be switched off: 410, or days of failure.
async fn switch_off(
    app: &App,
    scope: &Scope,
    webhook: &WebhookRow,
    delivery: &DeliveryRow,
    verdict: Verdict,
) -> Result<Option<SwitchOff>> {
    // A test proves nothing about what happens otherwise, but a 410 is an answer like any.
    let before = app.clock().now().minus(app.settings().get::<WebhookSettings>().switch_off_after);
    let days = webhook.failing_since.is_some_and(|since| since <= before) && delivery.event.is_some();
    let (reason, failing_before) = match verdict {
        Verdict::Gone => ("gone", None),
        Verdict::Failed { .. } if days => ("failing", Some(before)),
        Verdict::Failed { .. } | Verdict::Delivered => return Ok(None),
    };
    let notices = notices(app, scope, webhook, reason).await?;
    let (host, mailer) = (webhook.host().to_owned(), Arc::clone(app.mailer()));
    Ok(Some(SwitchOff { reason, failing_before, host, mailer, notices }))
}

const SWITCHED_OFF: mail::Template = mail::Template {
    name: "webhook_switched_off",
    subject: "A webhook was switched off",
    text: include_str!("../templates/switched_off.txt"),
    html: include_str!("../templates/switched_off.html"),
};

/// A mail to each of the workspace's owners.
async fn notices(app: &App, scope: &Scope, webhook: &WebhookRow, reason: &str) -> Result<Vec<mail::Message>> {
    #[derive(Serialize)]
    struct Told<'a> {
        host: &'a str,
        description: &'a str,
        webhook: String,
        gone: bool,
    }
    if app.directory().is_none() {
        return Ok(Vec::new());
    }
    let owners = app.db().read((app.clone(), scope.clone()), |rx, (app, scope)| {
        Box::pin(async move {
            match app.directory() {
                Some(directory) => directory.owners(rx, scope).await,
                None => Ok(Vec::new()),
            }
        })
    });
    let told = Told {
        host: webhook.host(),
        description: &webhook.description,
        webhook: webhook.id.to_string(),
        gone: reason == "gone",
    };
    owners.await?.into_iter().map(|owner| mail::Message::new(owner, &SWITCHED_OFF, &told)).collect()
}

/// There is nothing to say: how long deliveries are kept is a setting.
#[derive(Serialize, Deserialize)]
pub(crate) struct Prune {}

pub(crate) static PRUNE: Kind<Prune> = Kind {
    queue: "upkeep",
    concurrency: 1,
    timeout: Duration::from_mins(30),
    ..Kind::new("webhooks.prune", |job, _| Box::pin(prune(job)))
};

pub(crate) const PRUNING: Schedule = Schedule {
    name: "webhooks.prune",
    cron: "41 * * * *",
    job: |_| Ok(NewJob::new(&PRUNE, &Prune {})?.unique("webhooks.prune")),
};

/// Ends what nothing will ever send, and forgets what ended long ago, a small commit at a time.
async fn prune(job: Job) -> Result<Finished> {
    let (app, by) = (job.context::<App>()?.clone(), job.installation()?.clone());
    end_lost(&job, &app, &by).await?;
    let keep = app.settings().get::<WebhookSettings>().keep;
    while !job.should_stop() {
        let batch = app.db().write((by.clone(), keep), |tx, (by, keep)| {
            Box::pin(async move { store::prune(tx, by, tx.now().minus(*keep)).await })
        });
        if batch.await? < u64::from(store::BATCH) {
            break;
        }
    }
    job.done().await
}

/// A delivery can lose its job: it was cancelled, killed too many nodes, or cannot be read.
async fn end_lost(job: &Job, app: &App, by: &Installation) -> Result<()> {
    let mut after = None;
    while !job.should_stop() {
        let look = app.db().read((by.clone(), after), |rx, (by, after)| {
            Box::pin(async move { ops::lost(rx, by, *after).await })
        });
        let (lost, last) = look.await?;
        if !lost.is_empty() {
            let end =
                app.db().write((by.clone(), lost), |tx, (by, lost)| Box::pin(ops::end_lost(tx, by, lost)));
            end.await?;
        }
        match last {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    Ok(())
}
