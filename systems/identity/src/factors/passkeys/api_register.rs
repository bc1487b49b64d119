//! Making a passkey, over HTTP.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Commit, Cookie, Json, Reply, Result, Thing, View};

use super::api::PasskeyOut;
use super::model::{NAME_MAX, PasskeyRow};
use super::wire::{CreationOptions, RegistrationIn, UserEntity, encoded};
use super::{ops, store};
use crate::factors::{Challenge, Method, Purpose, challenge, spend};
use crate::people::check_line;
use crate::sessions::{self, SessionId, cookies, ops_door};
use crate::settings::IdentitySettings;
use crate::{Identity, people};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(begin_passkey)).routes(routes!(finish_passkey))
}

/// A passkey that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewPasskeyOut {
    #[serde(flatten)]
    passkey: PasskeyOut,
    /// Ten codes for whoever loses the device, shown this once; null when the ones from before still count.
    recovery_codes: Option<Vec<String>>,
}

impl Thing for NewPasskeyOut {
    fn id(&self) -> String {
        self.passkey.id()
    }

    fn version(&self) -> i64 {
        self.passkey.version()
    }

    fn path(&self) -> String {
        self.passkey.path()
    }
}

/// What a browser made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyIn {
    /// How the person calls it.
    #[serde(default)]
    #[schema(max_length = 60)]
    name: String,
    credential: RegistrationIn,
}

/// Begins to make a passkey.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/register/begin", tag = "auth", operation_id = "begin_passkey",
    responses((status = 200, description = "Options for `navigator.credentials.create`.", body = CreationOptions),
              (status = 409, description = "There can be no passkeys at the public address.")))]
async fn begin_passkey(State(app): State<App>, caller: Caller, view: View<Installation>) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    let identity = app.extension::<Identity>()?;
    let site = ops::site(&app)?;
    let read = app.db().read((view.ground().clone(), person), |rx, (inst, person)| {
        Box::pin(async move {
            let row = people::store::get(rx, inst, *person).await?.ok_or_else(Error::not_found)?;
            Ok((row, store::all(rx, inst, *person).await?))
        })
    });
    let (row, has) = read.await?;
    let now = app.clock().now();
    let text = challenge::make(&identity.secrets, Purpose::Register, *person.as_bytes(), None, now);
    let user = UserEntity { id: encoded(person.as_bytes()), name: row.email, display_name: row.name };
    let name = app.settings().get::<IdentitySettings>().issuer.clone();
    let options = CreationOptions::new(&site, name, user, text, ops::descriptors(&has));
    Ok(Reply::ok(&options)?.no_store())
}

/// A new passkey on its way into the table.
struct Wish {
    identity: Arc<Identity>,
    person: PersonId,
    session: SessionId,
    challenge: Challenge,
    new: PasskeyRow,
    name: String,
    /// The cookie that the request is signed by: a session that may more afterwards gets another one.
    cookie: Option<Cookie>,
}

impl Check for Wish {
    fn check(&self, problems: &mut Problems) {
        if !self.name.is_empty() {
            check_line("/name", &self.name, NAME_MAX, problems);
        }
    }
}

/// Keeps a passkey that the browser made. From now on a password alone does not suffice.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/register/finish", tag = "auth", operation_id = "finish_passkey",
    request_body = PasskeyIn,
    responses((status = 201, description = "The passkey.", body = NewPasskeyOut),
              (status = 401, description = "The challenge is too old, or it was used.")))]
async fn finish_passkey(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    commit: Commit<Installation>,
    Json(body): Json<PasskeyIn>,
) -> Result<Reply> {
    let (person, session) = sessions::own(&caller)?;
    let identity = app.extension::<Identity>()?;
    let site = ops::site(&app)?;
    let text = ops::claimed_challenge_of_new(&body.credential)?;
    let challenge = challenge::read(&identity.secrets, Purpose::Register, &text, app.clock().now());
    let challenge = challenge.filter(|challenge| challenge.subject == *person.as_bytes());
    let challenge = challenge.ok_or_else(ops_door::invalid_challenge)?;
    let new = ops::read_new(&site, &text, &body.credential)?;
    let name = body.name.trim().to_owned();
    let cookie = cookies::of(&headers);
    let way = cookie.as_ref().map(|cookie| cookie.way);
    let wish = Wish { identity: identity.clone(), cookie, person, session, challenge, new, name };
    let reply = commit.issued(wish, |tx, inst, wish| {
        Box::pin(async move {
            if !spend(tx, inst, &wish.challenge).await? {
                return Err(ops_door::invalid_challenge());
            }
            let (row, recovery_codes) = ops::add(tx, inst, wish.person, &wish.name, &wish.new).await?;
            if let Some(cookie) = &wish.cookie {
                cookies::renew(tx, inst, &wish.identity.secrets, cookie).await?;
            }
            let now = tx.now();
            sessions::store::second_factor_shown(tx, inst, wish.session, Method::Passkey.as_str(), now)
                .await?;
            Ok(NewPasskeyOut { passkey: row.into(), recovery_codes })
        })
    });
    let reply = reply.await;
    identity.callers.forget_session(session);
    Ok(cookies::replaced(reply?, &app, &identity, way, session).await?)
}
