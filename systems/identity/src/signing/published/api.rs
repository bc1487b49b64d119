//! `/.well-known/jwks.json`. It stands outside the gate, as the address that every JWT library looks at.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;
use web::{App, Problem};

use crate::Identity;

pub(crate) fn pages() -> Router<App> {
    Router::new().route("/.well-known/jwks.json", get(jwks))
}

/// The keys that sign, those that will soon, and those whose last tokens have not ended yet.
async fn jwks(State(app): State<App>) -> Response {
    match keys(&app).await {
        Ok(body) => {
            let mut response = body.into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
            // Half of the time that a key is published before it signs.
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

async fn keys(app: &App) -> types::Result<String> {
    let identity = app.extension::<Identity>()?;
    let keys = identity.signing.published(app.db(), &identity.secrets, app.clock().now()).await?;
    let keys = keys.into_iter().map(
        |(kid, x)| json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x}),
    );
    Ok(json!({ "keys": keys.collect::<Vec<_>>() }).to_string())
}
