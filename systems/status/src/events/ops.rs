//! Reporting a status: the event, its service, and what the journal says, in one commit.

use db::Tx;
use journal::NewEvent;
use serde_json::json;
use types::{Result, Scope};

use super::api::{StatusEventIn, StatusEventOut};
use super::model::{StatusEventId, StatusEventRow};
use super::store;
use crate::services::model::{ServiceId, ServiceRow, name_of};
use crate::services::store as services;

pub(super) async fn create(tx: &mut Tx, scope: &Scope, report: &StatusEventIn) -> Result<StatusEventOut> {
    let now = tx.now();
    let id = StatusEventId::at(now);
    let service = place(tx, scope, report).await?;
    let event = StatusEventRow {
        id,
        service,
        slug: report.service_id.clone(),
        status: report.status,
        description: report.description.clone(),
        created_by: scope.actor().label.to_string(),
        created_at: now,
    };
    store::insert(tx, scope, &event).await?;
    let entry = NewEvent::new("status_event.created", id.to_string())
        .with(json!({"service_id": event.slug, "status": event.status}));
    journal::append(tx, scope, entry).await?;
    Ok(event.into())
}

/// The service the report is of, standing as the report says; registered if this is its first.
async fn place(tx: &mut Tx, scope: &Scope, report: &StatusEventIn) -> Result<ServiceId> {
    let now = tx.now();
    if let Some(service) = services::get(tx, scope, &report.service_id).await? {
        let changed = service.status != report.status;
        let since = if changed { now } else { service.since };
        services::set_status(tx, scope, service.id, report.status, since).await?;
        if changed {
            let entry = NewEvent::new("service.status_changed", service.id.to_string())
                .with(json!({"service_id": service.slug, "status": report.status, "was": service.status}));
            journal::append(tx, scope, entry).await?;
        }
        return Ok(service.id);
    }
    let service = ServiceRow {
        id: ServiceId::at(now),
        slug: report.service_id.clone(),
        name: name_of(&report.service_id),
        status: report.status,
        since: now,
        updated_at: now,
        version: 1,
    };
    services::insert(tx, scope, &service).await?;
    let entry = NewEvent::new("service.registered", service.id.to_string())
        .with(json!({"service_id": service.slug, "status": service.status}));
    journal::append(tx, scope, entry).await?;
    Ok(service.id)
}
