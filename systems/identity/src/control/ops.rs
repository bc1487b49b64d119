//! Keys and sessions of everybody, as the command line shows and ends them.

use db::Tx;
use query::{List, Place};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use types::{Actor, ActorKind, Error, Installation, Result, Trace};
use web::{App, Caller, Check as _};

use crate::Identity;
use crate::keys::api::{ApiKeyIn, ApiKeyOut};
use crate::keys::{self, Maker};
use crate::people::{self, PersonRow, email_key};
use crate::sessions::api::SHAPE;
use crate::sessions::model::SessionOut;
use crate::sessions::{self, SessionId};
use crate::signing::ops::{self as signing, When};
use crate::workspaces::limits::Allowed;
use crate::workspaces::{self, members};

/// Rows in one answer.
const MOST: &str = "limit=200";

fn operator() -> Installation {
    Installation::system("an operator at the machine")
}

fn shown(value: impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

/// Makes a new signing key. `at_once`: what the others signed is refused from now on, everybody needs a new access token.
pub async fn rotate_signing(app: &App, at_once: bool) -> Result<Value> {
    let when = if at_once { When::InPlaceOfAll } else { When::Later };
    let made = signing::rotate(app, &operator(), when).await?;
    Ok(json!({ "id": made.id, "signs_from": made.signs_from, "old_tokens_refused": at_once }))
}

/// The newest keys, of one workspace (by id or slug) or of all.
pub async fn list_keys(app: &App, workspace: Option<String>) -> Result<Value> {
    let identity = app.extension::<Identity>()?;
    let workspace = match workspace {
        Some(name) => {
            Some(identity.callers.workspace_named(app, &name).await?.ok_or_else(Error::not_found)?.id)
        }
        None => None,
    };
    let place = Place { workspace: None, endpoint: "key list", filter: "" };
    let list = List::parse(MOST, &keys::api::SHAPE.sort, app.signer(), place)?;
    let page = app.db().read((operator(), workspace, list), |rx, (inst, workspace, list)| {
        Box::pin(keys::store::all(rx, inst, *workspace, list))
    });
    shown(page.await?.map(|row| ApiKeyOut::new(row, None)))
}

/// A key that a person is to have, as if they had made it themselves.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Whose it is, by address.
    pub email: String,
    /// Where it works, by id or slug; without it, where the person is at home.
    pub workspace: Option<String>,
    pub name: String,
    pub permissions: Vec<String>,
    pub expires_in_days: Option<u32>,
    pub all_workspaces: bool,
}

/// Makes a key for somebody: never one that may more than they. Its text is in the answer and nowhere else.
pub async fn create_key(app: &App, new: NewKey) -> Result<Value> {
    let identity = app.extension::<Identity>()?;
    let person = by_email(app, &new.email).await?;
    let body = ApiKeyIn {
        name: new.name,
        permissions: new.permissions,
        expires_in_days: new.expires_in_days,
        all_workspaces: new.all_workspaces,
        service_account_id: None,
        origins: None,
    };
    body.validate()?;
    let caller = in_the_place_of(app, &identity, &person, new.workspace.as_deref()).await?;
    let by = Installation::of_request(caller.actor.clone(), Trace::default());
    let maker = Maker { identity, caller, allowed: Allowed::by(app.settings()) };
    let made = app
        .db()
        .write((by, maker, body), |tx, (by, maker, body)| Box::pin(keys::ops::create(tx, by, maker, body)));
    let (row, text) = made.await?;
    shown(ApiKeyOut::new(row, Some(text)))
}

/// What the person may do, without a session of theirs.
async fn in_the_place_of(
    app: &App,
    identity: &Identity,
    person: &PersonRow,
    workspace: Option<&str>,
) -> Result<Caller> {
    let read = app.db().read((operator(), person.id), |rx, (inst, id)| {
        Box::pin(async move {
            let installation = people::store::rights(rx, inst, *id).await?;
            Ok((installation, members::store::of_person(rx, inst, *id).await?))
        })
    });
    let (installation, memberships) = read.await?;
    let mut places = memberships.into_iter();
    let membership = match workspace {
        Some(name) => {
            let named = |one: &workspaces::Membership| one.slug == name || name.parse() == Ok(one.workspace);
            Some(places.find(named).ok_or_else(Error::not_found)?)
        }
        None => places.find(|one| one.is_default),
    };
    let rights = membership.as_ref().map(|one| identity.roles.rights_of(&one.post));
    Ok(Caller {
        actor: Actor { kind: ActorKind::System, id: None, label: "an operator at the machine".into() },
        principal: person.id.to_string().into(),
        // A key is a person's, and a person is who has a session: this one is nobody's.
        session: Some(SessionId::from_bytes([0; 16]).to_string().into()),
        workspace: membership.map(|one| one.workspace),
        rights: rights.unwrap_or_default(),
        installation,
        proven_at: None,
        second_factor: false,
        barred: false,
        closed: None,
        requests: None,
        published: false,
    })
}

/// Revokes a key by its id or its prefix.
pub async fn revoke_key(app: &App, which: &str) -> Result<Value> {
    let write = app.db().write((operator(), which.to_owned()), |tx, (inst, which)| {
        Box::pin(async move {
            let key = match which.parse() {
                Ok(id) => keys::store::get(tx, inst, id).await?,
                Err(_) => keys::store::by_prefix(tx, inst, which).await?.map(|(key, _)| key),
            };
            let key = key.ok_or_else(Error::not_found)?;
            keys::ops::end(tx, inst, &key).await?;
            keys::store::get(tx, inst, key.id).await?.ok_or_else(Error::not_found)
        })
    });
    let key = write.await?;
    app.extension::<Identity>()?.callers.forget();
    shown(ApiKeyOut::new(key, None))
}

/// The newest sessions of somebody.
pub async fn list_sessions(app: &App, email: &str) -> Result<Value> {
    let person = by_email(app, email).await?;
    let place = Place { workspace: None, endpoint: "session list", filter: "" };
    let list = List::parse(MOST, &SHAPE.sort, app.signer(), place)?;
    let page = app.db().read((operator(), person.id, list), |rx, (inst, person, list)| {
        Box::pin(sessions::store::page(rx, inst, *person, list))
    });
    shown(page.await?.map(|row| SessionOut::of(row, None)))
}

/// Ends one session, whoever's it is.
pub async fn revoke_session(app: &App, id: &str) -> Result<Value> {
    let session: SessionId = id.parse().map_err(|_| Error::not_found())?;
    let write = app.db().write((operator(), session), |tx: &mut Tx, (inst, id)| {
        Box::pin(async move {
            let row = sessions::store::state(tx, inst, *id).await?.ok_or_else(Error::not_found)?;
            sessions::ops::revoke(tx, inst, row.person, *id).await
        })
    });
    write.await?;
    app.extension::<Identity>()?.callers.forget_session(session);
    Ok(json!({ "id": session, "status": "ended" }))
}

/// Ends all sessions of somebody.
pub async fn revoke_sessions(app: &App, email: &str) -> Result<Value> {
    let person = by_email(app, email).await?;
    let write = app.db().write((operator(), person.id), |tx, (inst, person)| {
        Box::pin(sessions::ops::revoke_all(tx, inst, *person, None))
    });
    let ended = write.await?;
    app.extension::<Identity>()?.callers.forget();
    Ok(json!({ "person_id": person.id, "revoked_count": ended }))
}

async fn by_email(app: &App, email: &str) -> Result<PersonRow> {
    let read = app.db().read((operator(), email_key(email)), |rx, (inst, key)| {
        Box::pin(people::store::by_email(rx, inst, key))
    });
    read.await?.ok_or_else(Error::not_found)
}
