//! Passkeys over HTTP: making, listing, renaming and removing them, and signing in.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderMap;
use query::{Page, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{
    App, Caller, Change, Check, Client, Commit, Cookie, Field, Json, ListShape, Path, Reply, Result, Thing,
    View,
};

use super::model::{NAME_MAX, PasskeyId, PasskeyRow};
use super::wire::{AssertionIn, CreationOptions, RegistrationIn, RequestOptions, UserEntity, encoded};
use super::{ops, store};
use crate::factors::challenge::{self, NOBODY};
use crate::factors::{Challenge, Method, Purpose, Shown, spend};
use crate::people::check_line;
use crate::sessions::ops::Grant;
use crate::sessions::ops_door::{self, Guest, Proof};
use crate::sessions::{self, SessionId, SessionKind, TokenPair, cookies};
use crate::settings::IdentitySettings;
use crate::sso::SsoSettings;
use crate::{Identity, people};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_passkeys))
        .routes(routes!(update_passkey, delete_passkey))
        .routes(routes!(begin_passkey))
        .routes(routes!(finish_passkey))
        .routes(routes!(begin_passkey_sign_in))
        .routes(routes!(finish_passkey_sign_in))
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

/// A passkey.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasskeyOut {
    #[schema(value_type = String, example = "pky_01j9z3k4m5n6p7q8r9s0t1v2w3")]
    id: PasskeyId,
    name: String,
    /// Whether the authenticator copies it to the person's other devices.
    is_synced: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

impl From<PasskeyRow> for PasskeyOut {
    fn from(row: PasskeyRow) -> Self {
        let PasskeyRow { id, name, is_synced, created_at, last_used_at, version, .. } = row;
        Self { id, name, is_synced, created_at, last_used_at, version }
    }
}

impl Thing for PasskeyOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/auth/passkeys/{}", self.id)
    }
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
        self.passkey.version
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

/// What a browser's passkey signed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeySignInIn {
    credential: AssertionIn,
}

/// What may be changed of a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 60)]
    name: Field<String>,
}

impl Check for PasskeyPatch {
    fn check(&self, problems: &mut Problems) {
        match &self.name {
            Field::Keep => {}
            Field::Empty => {
                problems.add("/name", "required", "cannot be emptied");
            }
            Field::Set(name) => check_line("/name", name, NAME_MAX, problems),
        }
    }
}

/// The passkeys of the person.
#[utoipa::path(get, path = "/api/v1/auth/passkeys", tag = "auth", operation_id = "list_passkeys",
    params(query::ListParams),
    responses((status = 200, description = "A page of passkeys.", body = Page<PasskeyOut>)))]
async fn list_passkeys(caller: Caller, view: View<Installation>) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    let (list, _) = view.asked(&SHAPE)?;
    view.body((person, list), |rx, inst, (person, list)| {
        Box::pin(async move { Ok(store::page(rx, inst, *person, list).await?.map(PasskeyOut::from)) })
    })
    .await
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

/// Renames a passkey.
#[utoipa::path(patch, path = "/api/v1/auth/passkeys/{id}", tag = "auth", operation_id = "update_passkey",
    params(("id" = String, Path, description = "The passkey's id.")),
    request_body = PasskeyPatch,
    responses((status = 200, description = "The passkey as it is now.", body = PasskeyOut)))]
async fn update_passkey(
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<PasskeyId>,
    Json(patch): Json<PasskeyPatch>,
) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    commit
        .updated((person, id), patch, |tx, inst, change: &Change<(PersonId, PasskeyId), PasskeyPatch>| {
            Box::pin(async move {
                let (person, id) = change.id;
                let now = store::of_person(tx, inst, person, id).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                let Some(name) =
                    change.body.name.as_set().map(|name| name.trim()).filter(|name| *name != now.name)
                else {
                    return Ok(PasskeyOut::from(now));
                };
                store::rename(tx, inst, id, name).await?;
                let row = store::of_person(tx, inst, person, id).await?;
                row.map(PasskeyOut::from).ok_or_else(Error::not_found)
            })
        })
        .await
}

/// Removes a passkey. Delete it in the device as well, which nobody but its owner can do. The last way to sign in stays.
#[utoipa::path(delete, path = "/api/v1/auth/passkeys/{id}", tag = "auth", operation_id = "delete_passkey",
    params(("id" = String, Path, description = "The passkey's id.")),
    responses((status = 204, description = "It opens nothing any more."),
              (status = 409, description = "Nobody could sign in to the account any more.")))]
async fn delete_passkey(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<PasskeyId>,
) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    let file = app.settings().get::<SsoSettings>();
    let reply = commit
        .deleted((file, person, id), |tx, inst, change| {
            Box::pin(async move {
                let (file, person, id) = &change.id;
                let row = store::of_person(tx, inst, *person, *id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                ops::remove(tx, inst, file, &row).await
            })
        })
        .await;
    app.extension::<Identity>()?.callers.forget();
    reply
}

/// Begins to sign in with a passkey, whoever it is.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/sign-in/begin", tag = "auth", operation_id = "begin_passkey_sign_in",
    responses((status = 200, description = "Options for `navigator.credentials.get`.", body = RequestOptions),
              (status = 409, description = "There are no passkeys at the public address.")))]
async fn begin_passkey_sign_in(State(app): State<App>) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let site = ops::site(&app)?;
    let text = challenge::make(&identity.secrets, Purpose::SignIn, NOBODY, None, app.clock().now());
    Ok(Reply::ok(&ops::options(&site, text, &[]))?.no_store())
}

/// Signs in with a passkey. It is two factors by itself, so nothing more is asked for.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/sign-in/finish", tag = "auth", operation_id = "finish_passkey_sign_in",
    request_body = PasskeySignInIn,
    responses((status = 200, description = "A pair of tokens.", body = TokenPair),
              (status = 401, description = "The passkey is not known here, or its answer is not right.")))]
async fn finish_passkey_sign_in(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<PasskeySignInIn>,
) -> Result<Reply> {
    let identity = view.app().extension::<Identity>()?;
    let guest = Guest { origin: sessions::origin(&headers, client), kind: SessionKind::Tokens };
    let grant = enter(&view, &identity, client, guest, body).await?;
    Ok(Reply::ok(&sessions::ops::pair(view.app(), &identity, &grant).await?)?.no_store())
}

/// Opens a session for whoever holds the passkey.
pub(crate) async fn enter(
    view: &View<Installation>,
    identity: &Arc<Identity>,
    client: Client,
    guest: Guest,
    body: PasskeySignInIn,
) -> types::Result<Grant> {
    let app = view.app();
    let grant = sign_in(app, identity, view.ground(), body.credential, guest).await;
    if let Err(error) = &grant {
        identity.refusals.count(error.code(), client.0, app.clock().now());
    }
    grant
}

async fn sign_in(
    app: &App,
    identity: &Arc<Identity>,
    inst: &Installation,
    assertion: AssertionIn,
    guest: Guest,
) -> types::Result<Grant> {
    let text = ops::claimed_challenge(&assertion)?;
    let challenge = challenge::read(&identity.secrets, Purpose::SignIn, &text, app.clock().now());
    let challenge = challenge.ok_or_else(ops_door::invalid_challenge)?;
    let signed = ops::verify(app, inst, &text, assertion).await?;
    let read = app
        .db()
        .read((inst.clone(), signed.person), |rx, (inst, id)| Box::pin(people::store::get(rx, inst, *id)));
    let person =
        read.await?.filter(|person| person.status == people::Status::Active).ok_or_else(ops::invalid)?;
    let proof = Proof {
        by: Method::Passkey,
        shown: Some(Shown::Passkey(Box::new(signed))),
        challenge: Some(challenge),
    };
    ops_door::open(app, identity, inst, person, proof, guest).await
}
