//! One's own identities over HTTP, and the password that links one.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use query::{Page, SortFields};
use serde::Deserialize;
use types::{Error, Installation, PersonId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Client, Commit, Json, ListShape, Path, Reply, Result, View};
use zeroize::Zeroizing;

use super::model::{IdentityId, SsoIdentityOut};
use super::{ops, store};
use crate::Identity;
use crate::callers::person_of;
use crate::people::password_text;
use crate::sessions::TokenPair;
use crate::sessions::api::origin;
use crate::sso::entry::api::Entry;
use crate::sso::settings::SsoSettings;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_sso_identities))
        .routes(routes!(delete_sso_identity))
        .routes(routes!(link_sso_identity))
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

fn own(caller: &Caller) -> types::Result<PersonId> {
    person_of(caller).ok_or_else(|| {
        Error::forbidden("person_needed", "An API key has no identities. Sign in with an access token.")
    })
}

/// A ticket, and the password of the account that it is about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SsoLinkIn {
    /// `ticket` of the problem `link_required`.
    #[schema(min_length = 1, max_length = 128)]
    ticket: String,
    #[schema(format = Password)]
    password: String,
}

/// Links an account that has a password, and signs in.
///
/// Works for five minutes after the callback answered `link_required`, once, and for five tries.
#[utoipa::path(post, path = "/api/v1/auth/sso/link", tag = "auth", operation_id = "link_sso_identity",
    request_body = SsoLinkIn,
    responses((status = 200, description = "A pair of tokens.", body = TokenPair),
              (status = 401, description = "The ticket or the password is no good."),
              (status = 409, description = "Whoever the provider proved is linked to another account.")))]
async fn link_sso_identity(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<SsoLinkIn>,
) -> Result<Response> {
    let app = view.app();
    let identity = app.extension::<Identity>()?;
    let door = ops::Link { ticket: body.ticket, password: password_text(&Zeroizing::new(body.password)) };
    let linked = match ops::link_by_password(app, &identity, view.ground(), door).await {
        Ok((person, _)) => {
            let entry = Entry { app, identity: &identity, inst: view.ground(), headers: &headers };
            entry.open(person, origin(&headers, client), None).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &linked {
        identity.refusals.count(error.code(), client.0, app.clock().now());
    }
    Ok(linked?)
}

/// Who you are at which provider.
#[utoipa::path(get, path = "/api/v1/auth/sso/identities", tag = "auth", operation_id = "list_sso_identities",
    params(query::ListParams),
    responses((status = 200, description = "A page of identities.", body = Page<SsoIdentityOut>)))]
async fn list_sso_identities(caller: Caller, view: View<Installation>) -> Result<Reply> {
    let person = own(&caller)?;
    let (list, _) = view.asked(&SHAPE)?;
    view.body((person, list), |rx, inst, (person, list)| {
        Box::pin(async move { Ok(store::page(rx, inst, *person, list).await?.map(SsoIdentityOut::from)) })
    })
    .await
}

/// Takes an identity off your account. The last way to sign in stays.
#[utoipa::path(delete, path = "/api/v1/auth/sso/identities/{id}", tag = "auth", operation_id = "delete_sso_identity",
    params(("id" = String, Path, description = "The identity's id.")),
    responses((status = 204, description = "Taken off."),
              (status = 409, description = "Nobody could sign in to the account any more.")))]
async fn delete_sso_identity(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<IdentityId>,
) -> Result<Reply> {
    let person = own(&caller)?;
    let file = app.settings().get::<SsoSettings>();
    commit
        .deleted((file, person, id), |tx, inst, change| {
            Box::pin(async move {
                let (file, person, id) = &change.id;
                ops::unlink(tx, inst, file, *person, *id).await?;
                change.admit(1)
            })
        })
        .await
}
