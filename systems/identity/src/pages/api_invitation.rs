//! The page of an invitation over HTTP. As with every mailed link the token stands behind `#` and is never sent with the address:
//! a form sends it to see what it is about, another one to accept. Looking at it uses nothing up.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use types::{Error, Installation, Kind};
use web::{App, Form as Sent, Problem, escape, page, page_of_link};

use super::api::{Sender, come_in, secretive};
use super::api_links::CODE;
use super::form::Form;
use super::invitation::{Shown, invitation};
use crate::workspaces::invitations::api_guest::{GuestIn, PreviewOut, preview, register};

const TITLE: &str = "An invitation";

const LOOK: Form<'static> = Form {
    title: TITLE,
    about: "Somebody invited you to work with them. Looking at it accepts nothing.",
    action: "/invitation",
    fields: &[CODE],
    button: "Look at the invitation",
    error: None,
};

/// The token alone to look, all of it to accept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationForm {
    token: String,
    name: Option<String>,
    password: Option<String>,
}

pub(crate) async fn show_invitation() -> Response {
    secretive(page_of_link(StatusCode::OK, TITLE, &LOOK.html()))
}

pub(crate) async fn post_invitation(
    State(app): State<App>,
    sender: Sender,
    form: Result<Sent<InvitationForm>, Problem>,
) -> Response {
    let (inst, form) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    let seen = match preview(&app, &inst, &form.token).await {
        Ok(seen) => seen,
        Err(error) => return refused(error),
    };
    let InvitationForm { token, name, password } = form;
    match (name, password) {
        (None, None) => secretive(page(StatusCode::OK, TITLE, &text(&seen, &token, "", None))),
        (name, password) => {
            let body =
                GuestIn { token, name: name.unwrap_or_default(), password: password.unwrap_or_default() };
            accepted(&app, &inst, &seen, &body).await
        }
    }
}

async fn accepted(app: &App, inst: &Installation, seen: &PreviewOut, body: &GuestIn) -> Response {
    match register(app, inst, body).await {
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
            let html = text(seen, &body.token, &body.name, Some(&error));
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
