//! The interactive reference at `/docs`: Swagger UI over the document of this very server.
//!
//! Served when `docs.enabled` says so, and in development mode when it says nothing.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use config::sections::{Docs, General};
use types::Error;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::App;
use crate::edge::page_policy_header;
use crate::problem::Problem;

/// Swagger UI styles its elements itself; everything else comes from here, too.
const POLICY: &str = "script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
                      font-src 'self'";

pub(crate) fn routes(app: &App) -> Router<App> {
    let ui = SwaggerUi::new("/docs").config(Config::new(["/api/v1/openapi.json"]).validator_url("none"));
    Router::new().merge(ui).route_layer(from_fn_with_state(app.clone(), door))
}

async fn door(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = app.settings().get::<Docs>().enabled;
    if !asked.unwrap_or_else(|| !app.settings().get::<General>().is_production()) {
        return Problem(Error::not_found()).into_response();
    }
    let mut response = next.run(request).await;
    let (name, policy) = page_policy_header(POLICY);
    response.headers_mut().insert(name, policy);
    response
}
