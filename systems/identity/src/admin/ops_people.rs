//! People from the machine: listed, made, kept out, let in, given a link, sent away.

use serde_json::{Value, json};
use types::{Error, Installation, PersonId, Problems, Result, Rights};
use web::App;

use super::ops::{ALL_RIGHTS, settle};
use crate::people::{self, Email, PersonOut, PersonRow, check_password_of, password_text};
use crate::settings::IdentitySettings;
use crate::workspaces::{self, Role};
use crate::{Identity, leaving};

/// How many people a list shows.
const MOST: u32 = 200;

/// Somebody to be made at the machine.
pub struct NewPerson {
    pub email: String,
    pub name: Option<String>,
    /// Without one, a link is made that sets it.
    pub password: Option<String>,
    /// Where they are at home, and as what.
    pub workspace: Option<String>,
    pub role: Option<String>,
}

/// The newest people, perhaps only those of a status.
pub async fn list(app: &App, status: Option<&str>) -> Result<Value> {
    let narrow = people::store::Narrow { status: status.map(people::status).transpose()?, email_key: None };
    let read = app.db().read((machine(), narrow), |rx, (inst, narrow)| {
        Box::pin(people::store::newest(rx, inst, narrow, MOST))
    });
    let items: Vec<PersonOut> = read.await?.into_iter().map(PersonOut::from).collect();
    Ok(json!({ "items": items }))
}

/// One person, by address or id, with where they belong.
pub async fn show(app: &App, who: &str) -> Result<Value> {
    let person = find(app, who).await?;
    let read = app.db().read((machine(), person.id), |rx, (inst, id)| {
        Box::pin(workspaces::members::store::of_person(rx, inst, *id))
    });
    let memberships: Vec<Value> =
        read.await?.iter().map(|one| json!({ "workspace": one.slug, "role": one.post.role })).collect();
    let mut shown = told(person)?;
    shown["memberships"] = json!(memberships);
    Ok(shown)
}

/// Makes a person whose address the operator vouches for.
pub async fn create_person(app: &App, new: NewPerson, public: &str) -> Result<Value> {
    let mut problems = Problems::new();
    let email = Email::check("/email", &new.email, &mut problems);
    if let Some(name) = &new.name {
        people::check_line("/name", name, people::NAME_MAX, &mut problems);
    }
    if let Some(password) = &new.password {
        check_password_of("/password", password, &email.typed, &mut problems);
    }
    let role = new.role.as_deref().map_or(Ok(Role::Member), |role| {
        serde_json::from_value(json!(role)).map_err(|_| {
            Error::invalid("invalid", "Some fields are not valid.").at_field("/role", "role", "is no role")
        })
    })?;
    problems.into_result()?;
    let identity = app.extension::<Identity>()?;
    let hash = match &new.password {
        Some(password) => Some(identity.passwords.hash(app.tasks(), password_text(password)).await?),
        None => None,
    };
    let name = new.name.clone().unwrap_or_else(|| email.local_part().to_owned()).trim().to_owned();
    let plan = (machine(), email, name, hash, new.workspace.map(|workspace| (workspace, role)));
    let write = app.db().write(plan, |tx, (inst, email, name, hash, place)| {
        Box::pin(async move {
            let id = people::ops::create_named(tx, inst, email, name, hash.as_deref()).await?;
            if let Some((workspace, role)) = place {
                settle(tx, inst, workspace, id, *role).await?;
            }
            people::ops::shown(tx, inst, id).await
        })
    });
    let person = write.await?;
    let id = person.id;
    let mut made = told(person)?;
    if new.password.is_none() {
        made["reset_link"] = link(app, id, public).await?;
    }
    Ok(made)
}

/// Keeps somebody out; every session ends.
pub async fn disable(app: &App, who: &str) -> Result<Value> {
    let person = find(app, who).await?;
    let write = app.db().write((machine(), person.id), |tx, (inst, id)| {
        Box::pin(async move {
            let row = people::ops::shown(tx, inst, *id).await?;
            people::ops::deactivate(tx, inst, &row).await?;
            people::ops::shown(tx, inst, *id).await
        })
    });
    changed(app, write.await?)
}

/// Lets somebody in again, and keeps their account if it was about to go.
pub async fn enable(app: &App, who: &str) -> Result<Value> {
    let person = find(app, who).await?;
    let write = app.db().write((machine(), person.id), |tx, (inst, id)| {
        Box::pin(async move {
            let row = people::ops::shown(tx, inst, *id).await?;
            people::ops::reactivate(tx, inst, &row).await?;
            people::ops::shown(tx, inst, *id).await
        })
    });
    changed(app, write.await?)
}

/// A link that sets somebody's password, under the address where people reach this installation.
pub async fn reset_link(app: &App, who: &str, public: &str) -> Result<Value> {
    let person = find(app, who).await?;
    let mut made = link(app, person.id, public).await?;
    made["email"] = json!(person.email);
    Ok(made)
}

/// Sends somebody away: after the grace time, or with `now` at once and for good.
pub async fn delete(app: &App, who: &str, now: bool) -> Result<Value> {
    let person = find(app, who).await?;
    if now {
        let write = app.db().write((machine(), person.id), |tx, (inst, id)| {
            Box::pin(async move { people::ops::refuse_last_administrator(tx, inst, *id).await })
        });
        write.await?;
        leaving::jobs::erase(app, &machine(), person.id).await?;
        return Ok(json!({ "id": person.id, "email": person.email, "status": "deleted" }));
    }
    let grace = app.settings().get::<IdentitySettings>().deletion_grace;
    let write = app.db().write((machine(), person.id, grace), |tx, (inst, id, grace)| {
        Box::pin(async move {
            let row = people::ops::shown(tx, inst, *id).await?;
            leaving::ops::leave(tx, inst, &row, *grace).await?;
            people::ops::shown(tx, inst, *id).await
        })
    });
    changed(app, write.await?)
}

async fn find(app: &App, who: &str) -> Result<PersonRow> {
    let read = app.db().read((machine(), who.to_owned()), |rx, (inst, who)| {
        Box::pin(async move {
            match who.parse::<PersonId>() {
                Ok(id) => people::store::get(rx, inst, id).await,
                Err(_) => people::store::by_email(rx, inst, &people::email_key(who)).await,
            }
        })
    });
    read.await?.ok_or_else(Error::not_found)
}

async fn link(app: &App, person: PersonId, public: &str) -> Result<Value> {
    let all = Rights::of([ALL_RIGHTS]);
    let made = people::ops_links::reset_link(app, &machine(), person, all, Some(public)).await?;
    serde_json::to_value(made).map_err(Error::internal)
}

fn changed(app: &App, person: PersonRow) -> Result<Value> {
    app.extension::<Identity>()?.callers.forget();
    told(person)
}

fn told(person: PersonRow) -> Result<Value> {
    serde_json::to_value(PersonOut::from(person)).map_err(Error::internal)
}

fn machine() -> Installation {
    Installation::system("an operator at the machine steers people")
}
