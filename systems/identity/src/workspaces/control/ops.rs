//! The orders one by one, each a read or a commit, with the answer as JSON.

use db::Read;
use serde_json::{Value, json};
use types::{Error, Installation, Result, WorkspaceId};
use web::App;

use crate::Identity;
use crate::people::{self, email_key};
use crate::settings::IdentitySettings;
use crate::workspaces::api_shapes::WorkspaceOut;
use crate::workspaces::life::Step;
use crate::workspaces::limits::{self, Allowed, Name};
use crate::workspaces::store::Whose;
use crate::workspaces::{self, members, operators, store};

/// At most so many are listed.
const MOST: &str = "limit=200&sort=slug,id";

/// What can be done to a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Suspend,
    Resume,
    Archive,
    Restore,
    Delete,
}

fn operator() -> Installation {
    Installation::system("mainstay workspace")
}

/// By id or slug.
async fn find(rx: &mut Read, inst: &Installation, name: &str) -> Result<WorkspaceId> {
    let row = match name.parse::<WorkspaceId>() {
        Ok(id) => store::by_id(rx, inst, id).await?,
        Err(_) => store::by_slug(rx, inst, name).await?,
    };
    row.map(|row| row.id).ok_or_else(Error::not_found)
}

fn out(row: workspaces::WorkspaceRow, app: &App) -> Result<Value> {
    serde_json::to_value(WorkspaceOut::new(row, app.clock().now())).map_err(Error::internal)
}

/// The first 200 by slug.
pub async fn list(app: &App) -> Result<Value> {
    let place = query::Place { workspace: None, endpoint: "mainstay workspace list", filter: "" };
    let list = query::List::parse(MOST, &workspaces::api::SHAPE.sort, app.signer(), place)?;
    let read = app.db().snapshot((operator(), list), |rx, (inst, list)| {
        Box::pin(store::page(rx, inst, Whose::Everybody, list))
    });
    let now = app.clock().now();
    serde_json::to_value(read.await?.map(|row| WorkspaceOut::new(row, now))).map_err(Error::internal)
}

/// A workspace with its owners, members and limits.
pub async fn show(app: &App, name: &str) -> Result<Value> {
    let args = (operator(), name.to_owned(), Allowed::by(app.settings()));
    let read = app.db().snapshot(args, |rx, (inst, name, allowed)| {
        Box::pin(async move {
            let id = find(rx, inst, name).await?;
            let (scope, row) = operators::ops::find(rx, inst, id).await?;
            let owners = members::store::owners(rx, &scope).await?;
            Ok((row, owners, limits::ops::all(rx, &scope, allowed).await?))
        })
    });
    let (row, owners, limits) = read.await?;
    let mut shown = out(row, app)?;
    shown["owners"] = json!(owners);
    shown["limits"] = serde_json::to_value(limits).map_err(Error::internal)?;
    Ok(shown)
}

/// A workspace that somebody who has an account owns.
pub async fn create(app: &App, name: &str, slug: Option<String>, owner: &str) -> Result<Value> {
    let mut problems = types::Problems::new();
    people::check_line("/name", name, workspaces::NAME_MAX, &mut problems);
    if let Some(slug) = &slug {
        workspaces::api_shapes::check_slug(slug, &mut problems);
    }
    problems.into_result()?;
    let args = (operator(), name.to_owned(), slug, email_key(owner));
    let made = app.db().write(args, |tx, (inst, name, slug, owner)| {
        Box::pin(async move {
            let person = people::store::by_email(tx, inst, owner).await?;
            let person = person.ok_or_else(|| {
                Error::new(types::Kind::NotFound, "not_found", "Nobody with this address has an account.")
            })?;
            workspaces::ops::create(tx, inst, name, slug.as_deref(), person.id).await
        })
    });
    let row = made.await?;
    app.extension::<Identity>()?.callers.forget();
    out(row, app)
}

pub async fn act(app: &App, name: &str, act: Act) -> Result<Value> {
    let step = match act {
        Act::Suspend => Step::Suspend,
        Act::Resume => Step::Resume,
        Act::Archive => Step::Archive,
        Act::Restore => Step::Restore,
        Act::Delete => Step::Delete(app.settings().get::<IdentitySettings>().workspace_grace),
    };
    let done = app.db().write((operator(), name.to_owned(), step), |tx, (inst, name, step)| {
        Box::pin(async move {
            let id = find(tx, inst, name).await?;
            operators::ops::step(tx, inst, id, *step).await
        })
    });
    let row = done.await?;
    app.extension::<Identity>()?.callers.forget();
    out(row, app)
}

/// Every limit of a workspace.
pub async fn limits(app: &App, name: &str) -> Result<Value> {
    let shown = show(app, name).await?;
    Ok(json!({ "id": shown["id"], "slug": shown["slug"], "limits": shown["limits"] }))
}

/// Sets a limit, or without a value leaves it to the settings; answers with all of them.
pub async fn set_limit(app: &App, name: &str, limit: &str, value: Option<u32>) -> Result<Value> {
    let known = Name::ALL.into_iter().find(|known| known.as_str() == limit).ok_or_else(|| {
        let names = Name::ALL.map(Name::as_str).join(", ");
        Error::invalid("invalid", format!("There is no such limit. There are: {names}."))
    })?;
    let wanted = [(known, value.map(i64::from))];
    let set = app.db().write((operator(), name.to_owned(), wanted), |tx, (inst, name, wanted)| {
        Box::pin(async move {
            let id = find(tx, inst, name).await?;
            limits::ops::set(tx, &workspaces::ops::at(inst, id), wanted).await
        })
    });
    set.await?;
    app.extension::<Identity>()?.callers.forget();
    self::limits(app, name).await
}
