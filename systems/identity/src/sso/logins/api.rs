//! The two addresses of a login: the one that begins it, and the one the provider sends people back to.

use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use types::{Error, Installation};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Client, Path, Problem, Reply, Result, View, escape, page};

use super::model::{cookie_in, set_cookie};
use super::ops;
use crate::Identity;
use crate::people::PersonRow;
use crate::sessions::TokenPair;
use crate::sessions::api::origin;
use crate::sessions::ops::open;
use crate::sso::identities::{self, Arrival};

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
              (status = 502, description = "The provider can not be reached, or is set up in another way.")))]
async fn start_sso_login(
    view: View<Installation>,
    RawQuery(query): RawQuery,
    Path(provider): Path<String>,
) -> Result<Response> {
    let app = view.app();
    let query = query.unwrap_or_default();
    let (url, login) = ops::begin(app, view.ground(), &provider, &query).await?;
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
              (status = 502, description = "The provider can not be reached, or is set up in another way.")))]
async fn finish_sso_login(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Path(provider): Path<String>,
) -> Result<Response> {
    let (app, inst) = (view.app(), view.ground());
    let https = ops::is_https(app);
    let line = headers.get(header::COOKIE).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let query = query.unwrap_or_default();
    let identity = app.extension::<Identity>()?;
    let now = app.clock().now();
    let counted = |error: Error| {
        identity.refusals.count(error.code(), client.0, now);
        error
    };
    let back = ops::returned(app, inst, &provider, &query, cookie_in(line, https)).await.map_err(counted)?;
    let return_to = back.login.return_to.clone();
    let arrived = arrived(app, inst, back).await;
    let mut response = match (arrived, return_to) {
        (Ok(person), None) => {
            let pair = open(app, &identity, inst, person, origin(&headers, client)).await?;
            Reply::ok(&pair)?.no_store().into_response()
        }
        (Ok(_), Some(_)) => return Err(Error::internal("no cookie sessions yet").into()),
        (Err(error), None) => Problem::from(counted(error)).into_response(),
        (Err(error), Some(_)) => explained(&counted(error)),
    };
    put_cookie(&mut response, None, https)?;
    Ok(response)
}

/// From a code to an account.
async fn arrived(app: &App, inst: &Installation, back: ops::Return) -> types::Result<PersonRow> {
    let profile = back.profile(app).await?;
    identities::arrive(app, inst, Arrival::new(app, back.provider, profile, back.login.return_to)).await
}

/// A refusal as a page: whoever sees it looks at a browser.
fn explained(error: &Error) -> Response {
    let body = format!(
        "<h1>Signing in did not work</h1>\n<p>{}</p>\n<p><small>{}</small></p>\n<p><a href=\"/\">Start page</a></p>",
        escape(error.message()),
        escape(error.code())
    );
    page(web::status(error.kind()), "Signing in did not work", &body)
}

fn to(status: StatusCode, url: &str) -> Result<Response> {
    let mut response = status.into_response();
    let url = HeaderValue::try_from(url).map_err(Error::internal)?;
    response.headers_mut().insert(header::LOCATION, url);
    Ok(response)
}

fn put_cookie(response: &mut Response, sealed: Option<&str>, https: bool) -> Result<()> {
    let line = HeaderValue::try_from(set_cookie(sealed, https)).map_err(Error::internal)?;
    response.headers_mut().append(header::SET_COOKIE, line);
    Ok(())
}
