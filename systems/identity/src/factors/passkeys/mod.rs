//! Passkeys: key pairs in people's devices, for signing in and as a second factor.
//!
//! Owns the public keys and the verification of what WebAuthn Level 3 asks of a relying party; docs/adr/0024 says why it is
//! ours. A passkey is bound to the host of `server.public_url`. Refuses attestation: it asks for none and reads none.

mod api;
mod api_register;
pub(crate) mod api_sign_in;
mod authenticator;
mod ceremony;
mod cose;
mod model;
pub(crate) mod ops;
mod site;
pub(crate) mod store;
#[cfg(test)]
mod vectors;
mod wire;

use utoipa_axum::router::OpenApiRouter;
use web::App;

pub(crate) use model::Signed;
pub(crate) use site::Site;
pub(crate) use wire::{AssertionIn, RequestOptions};

pub(crate) fn routes() -> OpenApiRouter<App> {
    api::routes().merge(api_register::routes()).merge(api_sign_in::routes())
}
