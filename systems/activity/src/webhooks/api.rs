//! Webhooks over HTTP.

use axum::extract::State;
use query::{ListParams, Page, SortFields};
use types::Error;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Commit, Json, ListShape, Path, Reply, Result, View};

use super::api_shapes::Wish;
pub(super) use super::api_shapes::{WebhookIn, WebhookOut, WebhookPatch};
use super::deliveries::api::DeliveryOut;
use super::model::WebhookId;
use super::ops::{self, Maker};
use super::{Webhooks, deliveries, store};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(get_webhook, update_webhook, delete_webhook))
        .routes(routes!(list_webhook_events))
        .routes(routes!(test_webhook))
        .routes(routes!(rotate_webhook_secret))
        .routes(routes!(enable_webhook))
        .merge(deliveries::api::routes())
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

/// The webhooks of the workspace, newest first.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks", params(ListParams),
    responses((status = 200, description = "A page of webhooks.", body = Page<WebhookOut>)))]
async fn list_webhooks(view: View) -> Result<Reply> {
    let (list, _) = view.asked(&SHAPE)?;
    view.body(list, |rx, scope, list| {
        Box::pin(async move { Ok(store::page(rx, scope, list).await?.map(WebhookOut::from)) })
    })
    .await
}

/// Makes a webhook. Its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "create_webhook",
    request_body = WebhookIn,
    responses((status = 201, description = "The webhook, with its `secret`.", body = WebhookOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = WebhookOut)))]
async fn create_webhook(
    State(app): State<App>,
    caller: Caller,
    commit: Commit,
    Json(body): Json<WebhookIn>,
) -> Result<Reply> {
    let maker = Maker { app, rights: caller.rights };
    commit
        .issued(Wish { maker, body }, |tx, scope, wish| {
            Box::pin(async move {
                let (row, secret) = ops::create(tx, scope, &wish.maker, &wish.body).await?;
                Ok(WebhookOut::from(row).with(&secret))
            })
        })
        .await
}

/// A webhook.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = String, Path, description = "The id of the webhook.")),
    responses((status = 200, description = "The webhook.", body = WebhookOut)))]
async fn get_webhook(view: View, Path(id): Path<WebhookId>) -> Result<Reply> {
    view.one(id, |rx, scope, id| {
        Box::pin(async move { Ok(store::get(rx, scope, *id).await?.map(WebhookOut::from)) })
    })
    .await
}

/// What happened to a webhook, and by whom.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/events", tag = "webhooks", operation_id = "list_webhook_events",
    params(("id" = String, Path, description = "The id of the webhook."), ListParams),
    responses((status = 200, description = "A page of its timeline.", body = Page<journal::Event>)))]
async fn list_webhook_events(view: View, Path(id): Path<WebhookId>) -> Result<Reply> {
    view.timeline(id, |rx, scope, id| {
        Box::pin(async move { Ok(store::get(rx, scope, *id).await?.map(|row| row.id.to_string())) })
    })
    .await
}

/// Changes a webhook. What is not sent stays.
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "update_webhook",
    params(("id" = String, Path, description = "The id of the webhook.")), request_body = WebhookPatch,
    responses((status = 200, description = "The webhook as it is now.", body = WebhookOut)))]
async fn update_webhook(
    State(app): State<App>,
    caller: Caller,
    commit: Commit,
    Path(id): Path<WebhookId>,
    Json(body): Json<WebhookPatch>,
) -> Result<Reply> {
    let maker = Maker { app, rights: caller.rights };
    commit
        .updated(id, Wish { maker, body }, |tx, scope, change| {
            Box::pin(async move {
                let row = store::get(tx, scope, change.id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                ops::update(tx, scope, &change.body.maker, row, &change.body.body).await.map(WebhookOut::from)
            })
        })
        .await
}

/// Takes a webhook away. What is on its way to it is given up.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "delete_webhook",
    params(("id" = String, Path, description = "The id of the webhook.")),
    responses((status = 204, description = "It is no more.")))]
async fn delete_webhook(commit: Commit, Path(id): Path<WebhookId>) -> Result<Reply> {
    commit
        .deleted(id, |tx, scope, change| {
            Box::pin(async move {
                let row = store::get(tx, scope, change.id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                ops::delete(tx, scope, &row).await
            })
        })
        .await
}

/// Sends a `webhook.test` once, also to a webhook that is off.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "The id of the webhook.")),
    responses((status = 200, description = "The delivery; read it again to see what came of it.", body = DeliveryOut)))]
async fn test_webhook(commit: Commit, Path(id): Path<WebhookId>) -> Result<Reply> {
    commit
        .updated(id, (), |tx, scope, change| {
            Box::pin(async move {
                let row = store::get(tx, scope, change.id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                ops::test(tx, scope, &row).await.map(DeliveryOut::from)
            })
        })
        .await
}

/// Makes a new secret, which is in this answer and nowhere else. The old one is signed with too for 24 hours.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate-secret", tag = "webhooks",
    operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, description = "The id of the webhook.")),
    responses((status = 201, description = "The webhook, with its new `secret`.", body = WebhookOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = WebhookOut)))]
async fn rotate_webhook_secret(
    State(app): State<App>,
    commit: Commit,
    Path(id): Path<WebhookId>,
) -> Result<Reply> {
    let known = app.extension::<Webhooks>()?;
    commit
        .reissued(id, move |tx, scope, change| {
            let known = known.clone();
            Box::pin(async move {
                let row = store::get(tx, scope, change.id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                let (row, secret) = ops::rotate(tx, scope, &known, row).await?;
                Ok(WebhookOut::from(row).with(&secret))
            })
        })
        .await
}

/// Tells it what happens from now on. What it missed while it was off is not told.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/enable", tag = "webhooks", operation_id = "enable_webhook",
    params(("id" = String, Path, description = "The id of the webhook.")),
    responses((status = 200, description = "The webhook as it is now.", body = WebhookOut)))]
async fn enable_webhook(commit: Commit, Path(id): Path<WebhookId>) -> Result<Reply> {
    commit
        .updated(id, (), |tx, scope, change| {
            Box::pin(async move {
                let row = store::get(tx, scope, change.id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                ops::enable(tx, scope, row).await.map(WebhookOut::from)
            })
        })
        .await
}
