//! Signing in with a passkey, over HTTP.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderMap;
use serde::Deserialize;
use types::Installation;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Client, Json, Reply, Result, View};

use super::ops;
use super::wire::{AssertionIn, RequestOptions};
use crate::factors::challenge::{self, NOBODY};
use crate::factors::{Method, Purpose, Shown};
use crate::sessions::ops::Grant;
use crate::sessions::ops_door::{self, Guest, Proof};
use crate::sessions::{self, SessionKind, TokenPair};
use crate::{Identity, people};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(begin_passkey_sign_in)).routes(routes!(finish_passkey_sign_in))
}

/// What a browser's passkey signed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeySignInIn {
    credential: AssertionIn,
}

/// Begins to sign in with a passkey, whoever it is.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/sign-in/begin", tag = "auth", operation_id = "begin_passkey_sign_in",
    responses((status = 200, description = "Options for `navigator.credentials.get`.", body = RequestOptions),
              (status = 409, description = "There are no passkeys at the public address.")))]
async fn begin_passkey_sign_in(State(app): State<App>) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let site = ops::site(&app)?;
    let text = challenge::make(&identity.secrets, Purpose::SignIn, NOBODY, None, app.clock().now());
    Ok(Reply::ok(&ops::options(&site, text, &[]))?.no_store())
}

/// Signs in with a passkey. It is two factors by itself, so nothing more is asked for.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/sign-in/finish", tag = "auth", operation_id = "finish_passkey_sign_in",
    request_body = PasskeySignInIn,
    responses((status = 200, description = "A pair of tokens.", body = TokenPair),
              (status = 401, description = "The passkey is not known here, or its answer is not right.")))]
async fn finish_passkey_sign_in(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<PasskeySignInIn>,
) -> Result<Reply> {
    let identity = view.app().extension::<Identity>()?;
    let guest = Guest { origin: sessions::origin(&headers, client), kind: SessionKind::Tokens };
    let grant = enter(&view, &identity, client, guest, body).await?;
    Ok(Reply::ok(&sessions::ops::pair(view.app(), &identity, &grant).await?)?.no_store())
}

/// Opens a session for whoever holds the passkey.
pub(crate) async fn enter(
    view: &View<Installation>,
    identity: &Arc<Identity>,
    client: Client,
    guest: Guest,
    body: PasskeySignInIn,
) -> types::Result<Grant> {
    let app = view.app();
    let grant = sign_in(app, identity, view.ground(), body.credential, guest).await;
    if let Err(error) = &grant {
        identity.refusals.count(error.code(), client.0, app.clock().now());
    }
    grant
}

async fn sign_in(
    app: &App,
    identity: &Arc<Identity>,
    inst: &Installation,
    assertion: AssertionIn,
    guest: Guest,
) -> types::Result<Grant> {
    let text = ops::claimed_challenge(&assertion)?;
    let challenge = challenge::read(&identity.secrets, Purpose::SignIn, &text, app.clock().now());
    let challenge = challenge.ok_or_else(ops_door::invalid_challenge)?;
    let signed = ops::verify(app, inst, &text, assertion).await?;
    let read = app
        .db()
        .read((inst.clone(), signed.person), |rx, (inst, id)| Box::pin(people::store::get(rx, inst, *id)));
    let person =
        read.await?.filter(|person| person.status == people::Status::Active).ok_or_else(ops::invalid)?;
    let proof = Proof {
        by: Method::Passkey,
        shown: Some(Shown::Passkey(Box::new(signed))),
        challenge: Some(challenge),
    };
    ops_door::open(app, identity, inst, person, proof, guest).await
}
