//! Single sign-on: people who prove at another provider who they are, by OpenID Connect.
//!
//! `providers` are those that are trusted, `discovery` is what they say of themselves, `jwks` and `token` is what they can prove,
//! `logins` is the way there and back, `exchange` is who came, `identities` is whose account that is, `entry` is
//! what they get. Refuses to know what a session is.

mod discovery;
mod entry;
mod exchange;
pub(crate) mod identities;
pub(crate) mod jobs;
mod jwks;
mod logins;
pub(crate) mod ops;
mod providers;
mod settings;
mod token;

use utoipa_axum::router::OpenApiRouter;
use web::App;

pub(crate) use discovery::Directory;
pub(crate) use settings::SsoSettings;

pub(crate) use entry::api::pages;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(providers::api::routes())
        .merge(logins::api::routes())
        .merge(identities::api::routes())
}
