//! The page of an invitation over HTTP. Looking at it uses nothing up; only the form does.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use types::{Error, Kind, Trace};
use web::edge::ClientAddr;
use web::{App, Form, Problem, escape, page};

use super::api::{address_of, admit, limit, secretive};
use super::invitation::{Shown, invitation};
use crate::setup::stranger;
use crate::workspaces::invitations::api_guest::{GuestIn, PreviewOut, preview, register};

#[derive(Deserialize)]
pub(crate) struct InvitationQuery {
    #[serde(default)]
    token: String,
}

const TITLE: &str = "An invitation";

pub(crate) async fn show_invitation(
    State(app): State<App>,
    client: Option<Extension<ClientAddr>>,
    trace: Option<Extension<Trace>>,
    query: Result<Query<InvitationQuery>, QueryRejection>,
) -> Response {
    if let Err(error) = limit(&app, address_of(client)).await {
        return Problem::from(error).into_response();
    }
    let token = query.map(|Query(query)| query.token).unwrap_or_default();
    let inst = stranger(trace.map(|Extension(trace)| trace).unwrap_or_default());
    match preview(&app, &inst, &token).await {
        Ok(seen) => secretive(page(StatusCode::OK, TITLE, &text(&seen, &token, "", None))),
        Err(error) => refused(error),
    }
}

pub(crate) async fn post_invitation(
    State(app): State<App>,
    client: Option<Extension<ClientAddr>>,
    trace: Option<Extension<Trace>>,
    headers: HeaderMap,
    form: Result<Form<GuestIn>, Problem>,
) -> Response {
    let inst = stranger(trace.map(|Extension(trace)| trace).unwrap_or_default());
    let body = match admit(&app, &headers, address_of(client)).await.map_err(Problem::from).and(form) {
        Ok(Form(body)) => body,
        Err(problem) => return problem.into_response(),
    };
    let seen = match preview(&app, &inst, &body.token).await {
        Ok(seen) => seen,
        Err(error) => return refused(error),
    };
    match register(&app, &inst, &body).await {
        Ok(_) => {
            let html = format!(
                "<h1>Welcome to {}</h1>\n<p>You have an account now. Sign in as <strong>{}</strong>, with \
                 <code>POST /api/v1/auth/token</code>.</p>\n<p><a href=\"/\">Start page</a></p>",
                escape(&seen.workspace),
                escape(&seen.email)
            );
            page(StatusCode::CREATED, TITLE, &html)
        }
        Err(error) if error.kind() == Kind::Invalid => {
            let html = text(&seen, &body.token, &body.name, Some(&error));
            secretive(page(StatusCode::UNPROCESSABLE_ENTITY, TITLE, &html))
        }
        Err(error) => refused(error),
    }
}

fn text(seen: &PreviewOut, token: &str, name: &str, error: Option<&Error>) -> String {
    invitation(&Shown {
        token,
        workspace: &seen.workspace,
        inviter: &seen.inviter,
        role: &seen.role_name,
        email: &seen.email,
        has_account: seen.has_account,
        name,
        error,
    })
}

/// In words for people, where it is about the invitation.
fn refused(error: Error) -> Response {
    if !matches!(error.kind(), Kind::Forbidden | Kind::Conflict) {
        return Problem::from(error).into_response();
    }
    let status = if error.kind() == Kind::Conflict { StatusCode::CONFLICT } else { StatusCode::FORBIDDEN };
    let html = format!(
        "<h1>This does not work</h1>\n<p>{}</p>\n<p>Ask whoever invited you to send the invitation again.</p>",
        escape(error.message())
    );
    page(status, TITLE, &html)
}
