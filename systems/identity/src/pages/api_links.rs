//! Where mailed links lead: a form each, that needs no script. Looking at one uses nothing up, because programs that guard
//! mailboxes look too; only sending the form does.
//!
//! The token stands behind `#` and is never sent with the address. A small script of ours puts it into the form; without
//! scripts the code of the mail is typed.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;
use types::{Error, Kind};
use web::{App, Form as Sent, Problem, escape, page, page_of_link};

use super::api::{Sender, come_in, secretive};
use super::form::{Field, Form, PASSWORD_HINT};
use crate::addresses::{self, AgreeIn};
use crate::leaving;
use crate::passwords::{self, api::PasswordResetIn};
use crate::registration::{self, RegistrationIn};

pub(super) fn pages() -> Router<App> {
    Router::new()
        .route("/verify-email", get(show_registration).post(post_registration))
        .route("/reset-password", get(show_reset).post(post_reset))
        .route("/confirm-email", get(show_agreement).post(post_agreement))
        .route("/keep-account", get(show_stay).post(post_stay))
}

pub(super) const CODE: Field<'static> = Field::new("token", "Code of the link", "text", "off")
    .hint("It stands in the mail. Mostly it is here already.");
const PASSWORD: Field<'static> =
    Field::new("password", "A password", "password", "new-password").hint(PASSWORD_HINT);

const REGISTRATION: Form<'static> = Form {
    title: "Make your account",
    about: "Opening the link has shown that the address is yours. Choose a password.",
    action: "/verify-email",
    fields: &[
        CODE,
        Field::new("name", "Your name", "text", "name").hint("Others see it.").optional(),
        PASSWORD,
    ],
    button: "Make the account",
    error: None,
};
const RESET: Form<'static> = Form {
    title: "Set a new password",
    about: "Every device that is signed in will be signed out.",
    action: "/reset-password",
    fields: &[
        CODE,
        Field::new("password", "The new password", "password", "new-password").hint(PASSWORD_HINT),
    ],
    button: "Set the password",
    error: None,
};
const AGREEMENT: Form<'static> = Form {
    title: "Another address for your account",
    about: "The new address counts when both, the one until now and the new one, have agreed.",
    action: "/confirm-email",
    fields: &[CODE],
    button: "Agree",
    error: None,
};
const STAY: Form<'static> = Form {
    title: "Keep your account",
    about: "It is about to be deleted. Nothing is lost yet.",
    action: "/keep-account",
    fields: &[CODE],
    button: "Keep it",
    error: None,
};

/// A registration as a form sends it: a line that was left empty is there, and empty.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistrationForm {
    token: String,
    password: String,
    #[serde(default)]
    name: String,
}

async fn show_registration() -> Response {
    shown(REGISTRATION)
}

async fn show_reset() -> Response {
    shown(RESET)
}

async fn show_agreement() -> Response {
    shown(AGREEMENT)
}

async fn show_stay() -> Response {
    shown(STAY)
}

async fn post_registration(
    State(app): State<App>,
    sender: Sender,
    form: Result<Sent<RegistrationForm>, Problem>,
) -> Response {
    let (inst, form) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    let RegistrationForm { token, password, name } = form;
    let name = Some(name).filter(|name| !name.trim().is_empty());
    let body = RegistrationIn { token, password, name };
    let made = match web::Check::validate(&body) {
        Ok(()) => registration::ops::complete(&app, &inst, &body).await,
        Err(error) => Err(error),
    };
    answered(made.map(|_| "Your account is made. You can sign in."), REGISTRATION, &body.token)
}

async fn post_reset(
    State(app): State<App>,
    sender: Sender,
    form: Result<Sent<PasswordResetIn>, Problem>,
) -> Response {
    let (inst, body) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    let set = passwords::ops::reset(&app, &inst, &body.token, &body.password).await;
    answered(set.map(|()| "The new password counts. You can sign in."), RESET, &body.token)
}

async fn post_agreement(
    State(app): State<App>,
    sender: Sender,
    form: Result<Sent<AgreeIn>, Problem>,
) -> Response {
    let (inst, body) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    let agreed = addresses::ops::agree(&app, &inst, &body.token).await.map(|changed| {
        if changed {
            "Your account has the new address now."
        } else {
            "Thank you. The other address still has to agree, by the link that was mailed there."
        }
    });
    answered(agreed, AGREEMENT, &body.token)
}

async fn post_stay(State(app): State<App>, sender: Sender, form: Result<Sent<AgreeIn>, Problem>) -> Response {
    let (inst, body) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    let kept = leaving::ops::stay(&app, &inst, &body.token).await;
    answered(kept.map(|()| "Your account stays. You can sign in."), STAY, &body.token)
}

fn shown(form: Form<'_>) -> Response {
    secretive(page_of_link(StatusCode::OK, form.title, &form.html()))
}

/// What came of it, or the form again with what is wrong.
fn answered(outcome: Result<&str, Error>, form: Form<'_>, token: &str) -> Response {
    let error = match outcome {
        Ok(said) => {
            let body = format!(
                "<h1>{}</h1>\n<p>{}</p>\n<p><a href=\"/\">Start page</a></p>",
                form.title,
                escape(said)
            );
            return secretive(page(StatusCode::OK, form.title, &body));
        }
        Err(error) => error,
    };
    let status = match error.kind() {
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Conflict => StatusCode::CONFLICT,
        _ => return Problem::from(error).into_response(),
    };
    // The code is shown again, so that a password that was refused costs only another try.
    let fields: Vec<Field<'_>> = form.fields.iter().map(|field| field.again(token)).collect();
    let again = Form { fields: &fields, error: Some(&error), ..form };
    secretive(page_of_link(status, again.title, &again.html()))
}
