//! Reading the journal for all webhooks, a step at a time.
//!
//! The place moves on in the commit that makes the deliveries, and only from where it was read to stand: so whoever reads, and
//! however often somebody dies on it, each event becomes one delivery for each webhook that is told of it.

use std::collections::HashMap;

use db::Tx;
use journal::{Event, EventType, Position};
use types::{Actor, Installation, Result, Scope, Trace, WorkspaceId};
use web::{App, Fault};

use super::deliveries::{self, DeliveryRow};
use super::model::WebhookRow;
use super::{model_patterns as patterns, store_follower as store};

/// Events in a step, and deliveries after which it ends: SQLite has one writer, and others wait for it.
const EVENTS: u32 = 100;
const DELIVERIES: usize = 300;

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nobody listens.
    NobodyThere,
    /// There was nothing new.
    Nothing,
    /// There may be more.
    Moved,
}

/// Reads on, and makes deliveries of what is new.
pub(crate) async fn step(app: &App, by: &Installation) -> Result<Step> {
    let seen = app.db().snapshot(by.clone(), |rx, by| {
        Box::pin(async move {
            if !store::is_anybody_there(rx, by).await? {
                return Ok(None);
            }
            let Some(stood) = store::position(rx, by).await? else { return Ok(None) };
            let horizon = journal::horizon(rx).await?;
            let events = journal::everywhere(rx, by, stood.max(horizon), EVENTS).await?;
            Ok(Some((stood, horizon, events)))
        })
    });
    let Some((stood, horizon, events)) = seen.await? else { return Ok(Step::NobodyThere) };
    if stood < horizon && stood != Position::BEGINNING {
        metrics::counter!("webhook_gaps_total").increment(1);
        tracing::error!(
            "webhooks were not told of events that the journal has forgotten: nobody read it for too long"
        );
    }
    let lag =
        events.first().map_or(0.0, |(_, first)| app.clock().now().since(first.occurred_at).as_secs_f64());
    metrics::gauge!("webhook_lag_seconds").set(lag);
    if events.is_empty() {
        return Ok(Step::Nothing);
    }
    let turn = Turn { app: app.clone(), by: by.clone(), stood, events };
    if app.broken(Fault::LooseFollower) {
        return turn.loosely().await;
    }
    let write = app.db().write(turn, |tx, turn| {
        Box::pin(async move {
            let (deliveries, end) = turn.deliveries(tx).await?;
            if store::move_on(tx, &turn.by, turn.stood, end).await? {
                turn.make(tx, &deliveries).await?;
            }
            Ok(())
        })
    });
    write.await?;
    types::faults::point("webhooks.followed");
    Ok(Step::Moved)
}

/// What a step works on.
struct Turn {
    app: App,
    by: Installation,
    stood: Position,
    events: Vec<(Option<WorkspaceId>, Event)>,
}

/// A delivery, and the trace of what it is about.
type New = (DeliveryRow, Trace);

impl Turn {
    /// The deliveries of as many events as fit into a step, and the place of the last of them.
    async fn deliveries(&self, tx: &mut Tx) -> Result<(Vec<New>, Position)> {
        let mut workspaces: Vec<_> = self.events.iter().filter_map(|(workspace, _)| *workspace).collect();
        workspaces.sort_unstable();
        workspaces.dedup();
        let all = store::listening(tx, &self.by, &workspaces).await?;
        let declared: HashMap<&str, &EventType> = {
            let types = self.app.systems().iter().flat_map(|system| system.events);
            types.map(|one| (one.kind, one)).collect()
        };
        let (now, mut new, mut end) = (tx.now(), Vec::new(), self.stood);
        for (workspace, event) in &self.events {
            let (Some(workspace), Some(kind)) = (workspace, declared.get(event.kind.as_str())) else {
                end = event.position;
                continue;
            };
            if new.len() >= DELIVERIES {
                break;
            }
            end = event.position;
            let trace = Trace {
                request_id: event.request_id.as_deref().unwrap_or_default().into(),
                trace_id: event.trace_id.as_deref().unwrap_or_default().into(),
                origin: None,
            };
            let told = all
                .iter()
                .filter(|webhook| self.is_of(webhook, *workspace) && patterns::hears(webhook, kind));
            new.extend(told.map(|webhook| {
                (DeliveryRow::of_event(now, webhook.workspace, webhook.id, event), trace.clone())
            }));
        }
        Ok((new, end))
    }

    fn is_of(&self, webhook: &WebhookRow, workspace: WorkspaceId) -> bool {
        webhook.workspace == workspace || self.app.broken(Fault::OpenWebhooks)
    }

    async fn make(&self, tx: &mut Tx, new: &[New]) -> Result<()> {
        for (delivery, trace) in new {
            let scope = Scope::of_request(delivery.workspace, Actor::system("webhooks"), trace.clone());
            deliveries::ops::create(tx, &scope, delivery).await?;
        }
        Ok(())
    }

    /// As it must not be: the place first, and the deliveries if the process lives that long.
    async fn loosely(self) -> Result<Step> {
        let db = self.app.db().clone();
        let turn = std::sync::Arc::new(self);
        let moved = db.write(std::sync::Arc::clone(&turn), |tx, turn| {
            Box::pin(async move {
                let (deliveries, end) = turn.deliveries(tx).await?;
                store::move_on(tx, &turn.by, turn.stood, end).await?;
                Ok(deliveries)
            })
        });
        let deliveries = moved.await?;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let made = db.write((turn, deliveries), |tx, (turn, deliveries)| Box::pin(turn.make(tx, deliveries)));
        made.await?;
        Ok(Step::Moved)
    }
}
