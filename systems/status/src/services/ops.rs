//! Renaming a service: the change and its event.

use db::Tx;
use journal::NewEvent;
use serde_json::json;
use types::{Error, Result, Scope};
use web::Change;

use super::api::{ServiceOut, ServicePatch};
use super::store;

pub(super) async fn update(
    tx: &mut Tx,
    scope: &Scope,
    change: &Change<String, ServicePatch>,
) -> Result<ServiceOut> {
    let mut service = store::get(tx, scope, &change.id).await?.ok_or_else(Error::not_found)?;
    change.admit(service.version)?;
    let Some(name) = change.body.name.as_set().filter(|name| **name != service.name) else {
        return Ok(service.into());
    };
    store::set_name(tx, scope, service.id, name).await?;
    let event = NewEvent::new("service.renamed", service.id.to_string())
        .with(json!({"service_id": service.slug, "name": name, "was": service.name}));
    journal::append(tx, scope, event).await?;
    service.name.clone_from(name);
    service.version += 1;
    service.updated_at = tx.now();
    Ok(service.into())
}
