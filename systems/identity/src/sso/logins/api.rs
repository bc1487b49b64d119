//! The two addresses of a login: the one that begins it, and the one the provider sends people back to.

use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use types::{Error, Installation};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Client, Path, Problem, Result, View};

use super::model::{cookie_in, set_cookie};
use super::ops::{self, Return};
use crate::Identity;
use crate::people::PersonRow;
use crate::sessions::TokenPair;
use crate::sessions::api::origin;
use crate::sso::entry::api::{Entry, explained, to};
use crate::sso::identities::{Arrival, arrive};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(start_sso_login)).routes(routes!(finish_sso_login))
}

/// Begins a sign-in: sends the browser to the provider.
///
/// With `return_to`, a path of this server, the browser ends up there with the session cookie. Without it, the answer of the
/// callback is a pair of tokens.
#[utoipa::path(get, path = "/api/v1/auth/sso/{provider}/login", tag = "auth", operation_id = "start_sso_login",
    params(("provider" = String, Path, description = "The name of the provider."),
           ("return_to" = Option<String>, Query, description = "Where the browser goes afterwards: a plain path of this server.")),
    responses((status = 302, description = "To the provider, with a cookie that the way back needs."),
              (status = 403, description = "Not over HTTPS, and not from this machine."),
              (status = 502, description = "The provider can not be reached, or is set up in another way.")))]
async fn start_sso_login(
    view: View<Installation>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Path(provider): Path<String>,
) -> Result<Response> {
    let app = view.app();
    let return_to = ops::wish(&query.unwrap_or_default())?;
    let (url, login) = ops::begin(app, view.ground(), &provider, &headers, return_to).await?;
    let identity = app.extension::<Identity>()?;
    let mut response = to(StatusCode::FOUND, &url)?;
    put_cookie(&mut response, Some(&login.seal(&identity.secrets)), ops::is_https(app))?;
    Ok(response)
}

/// Ends a sign-in: where the provider sends the browser back to.
#[utoipa::path(get, path = "/api/v1/auth/sso/{provider}/callback", tag = "auth", operation_id = "finish_sso_login",
    params(("provider" = String, Path, description = "The name of the provider."),
           ("code" = Option<String>, Query, description = "What is exchanged at the provider, once."),
           ("state" = Option<String>, Query, description = "As it was sent there."),
           ("iss" = Option<String>, Query, description = "The issuer, where the provider says who answers (RFC 9207)."),
           ("error" = Option<String>, Query, description = "Why the provider signed nobody in.")),
    responses((status = 200, description = "A pair of tokens.", body = TokenPair),
              (status = 303, description = "Signed in by cookie; to where the login was to lead."),
              (status = 400, description = "It was not begun here, or the provider's answer proves nothing."),
              (status = 401, description = "The account has a password, which links it once: `ticket` is for `POST /api/v1/auth/sso/link`."),
              (status = 403, description = "Known who it is, and not let in."),
              (status = 409, description = "The account is somebody else's at the provider."),
              (status = 502, description = "The provider can not be reached, or is set up in another way.")))]
async fn finish_sso_login(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Path(provider): Path<String>,
) -> Result<Response> {
    let (app, inst) = (view.app(), view.ground());
    let identity = app.extension::<Identity>()?;
    let https = ops::is_https(app);
    let line = headers.get(header::COOKIE).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let query = query.unwrap_or_default();
    let counted = |error: Error| {
        identity.refusals.count(error.code(), client.0, app.clock().now());
        error
    };
    let back = ops::returned(app, inst, &provider, &query, cookie_in(line, https)).await.map_err(counted)?;
    let return_to = back.login.return_to.clone();
    let entered = match arrived(app, inst, back).await {
        Ok(person) => {
            let entry = Entry { app, identity: &identity, inst, headers: &headers };
            entry.open(person, origin(&headers, client), return_to.as_deref()).await
        }
        Err(error) => Err(error),
    };
    let mut response = match (entered.map_err(counted), return_to) {
        (Ok(response), _) => response,
        (Err(error), None) => Problem::from(error).into_response(),
        (Err(error), Some(_)) => explained(&error),
    };
    put_cookie(&mut response, None, https)?;
    Ok(response)
}

/// From a code to an account.
async fn arrived(app: &App, inst: &Installation, back: Return) -> types::Result<PersonRow> {
    let profile = back.profile(app).await?;
    arrive(app, inst, Arrival::new(app, back.provider, profile, back.login.return_to)).await
}

fn put_cookie(response: &mut Response, sealed: Option<&str>, https: bool) -> Result<()> {
    let mut line = HeaderValue::try_from(set_cookie(sealed, https)).map_err(Error::internal)?;
    line.set_sensitive(true);
    response.headers_mut().append(header::SET_COOKIE, line);
    Ok(())
}
