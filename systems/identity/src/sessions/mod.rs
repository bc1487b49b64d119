//! Sessions: signing in, staying signed in, and the end of it.
//!
//! Owns the rows and the rule of rotation. Refuses to know how access tokens are written, and what second factors are made
//! of. Every session begins in `ops_door`, whatever its person proved themselves with.

pub(crate) mod api;
mod api_entry;
mod api_proof;
mod api_tokens;
pub(crate) mod cookies;
pub(crate) mod devices;
pub(crate) mod jobs;
mod kind;
pub(crate) mod model;
pub(crate) mod ops;
pub(crate) mod ops_door;
pub(crate) mod ops_proof;
mod refresh;
pub(crate) mod siege;
pub(crate) mod store;

use utoipa_axum::router::OpenApiRouter;
use web::App;

pub(crate) use api::{origin, own};
pub(crate) use kind::SessionKind;
pub(crate) use model::{Origin, SessionId, SessionOut, TokenPair};

pub(crate) fn routes() -> OpenApiRouter<App> {
    api_tokens::routes()
        .merge(api::routes())
        .merge(api_proof::routes())
        .merge(cookies::api::routes())
        .merge(devices::api::routes())
}
