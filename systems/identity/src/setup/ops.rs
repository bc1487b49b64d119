//! The one-time token, and what it is exchanged for.

use std::time::Duration;

use db::{Db, Read, Tx};
use types::{Actor, Error, Installation, PersonId, Problems, Result, Trace};
use web::{App, Check as _};

use super::api::SetupIn;
use super::store;
use crate::people::{self, Email};
use crate::workspaces::{self, WorkspaceRow};
use crate::{Identity, secrets};

/// Whether this installation has an administrator.
pub async fn is_done(db: &Db) -> Result<bool> {
    let inst = Installation::system("looking whether setup is done");
    db.read(inst, |rx, inst| Box::pin(people::store::anybody_administers(rx, inst))).await
}

/// The address that makes the first administrator, under `base` (like `http://127.0.0.1:8080`). It works once, until
/// `life` is over or a newer one is made.
pub async fn link(app: &App, base: &str, life: Duration) -> Result<String> {
    let token = new_link(app.db(), life).await?;
    Ok(format!("{}/setup?token={token}", base.trim_end_matches('/')))
}

/// Makes a token for the setup link and ends the one before. Refused once there is an administrator.
pub async fn new_link(db: &Db, life: Duration) -> Result<String> {
    let token = secrets::random_text::<32>();
    let hash = secrets::hash(&token).to_vec();
    let inst = Installation::system("making a setup link");
    let write = db.write((inst, hash, life), |tx, (inst, hash, life)| {
        Box::pin(async move {
            refuse_second_run(tx, inst).await?;
            let now = tx.now();
            store::replace(tx, inst, hash, now, now.plus(*life)).await
        })
    });
    write.await?;
    Ok(token)
}

/// Whoever opens the form: nobody has signed in, and nobody can have.
pub(crate) fn stranger(trace: Trace) -> Installation {
    Installation::of_request(Actor::anonymous(), trace)
}

/// All of setup: the token first, so that a stranger can not make us hash; then the rest.
pub(crate) async fn perform(
    app: &App,
    inst: &Installation,
    body: &SetupIn,
) -> Result<(PersonId, WorkspaceRow)> {
    let token_hash = secrets::hash(&body.token).to_vec();
    let asked =
        app.db().read((inst.clone(), token_hash.clone()), |rx, (inst, hash)| Box::pin(admit(rx, inst, hash)));
    asked.await?;
    body.validate()?;
    let identity = app.extension::<Identity>()?;
    let password = people::password_text(&body.password);
    let plan = Plan {
        token_hash,
        email: Email::check("/email", &body.email, &mut Problems::new()),
        password_hash: identity.passwords.hash(app.tasks(), password).await?,
        workspace: body.workspace.trim().to_owned(),
    };
    app.db().write((inst.clone(), plan), |tx, (inst, plan)| Box::pin(run(tx, inst, plan))).await
}

/// Whether setup could go on with this token now: asked before a password is hashed for a stranger.
async fn admit(rx: &mut Read, inst: &Installation, hash: &[u8]) -> Result<()> {
    refuse_second_run(rx, inst).await?;
    let now = rx.now();
    if store::is_good(rx, inst, hash, now).await? { Ok(()) } else { Err(bad_token()) }
}

/// What setup makes, checked and hashed.
struct Plan {
    token_hash: Vec<u8>,
    email: Email,
    password_hash: String,
    workspace: String,
}

/// The first administrator and their workspace. The token is used up by one statement, so two copies of the request make
/// one administrator.
async fn run(tx: &mut Tx, inst: &Installation, plan: &Plan) -> Result<(PersonId, WorkspaceRow)> {
    refuse_second_run(tx, inst).await?;
    let now = tx.now();
    if !store::take(tx, inst, &plan.token_hash, now).await? {
        return Err(bad_token());
    }
    let person = people::ops::create(tx, inst, &plan.email, &plan.password_hash).await?;
    people::ops::grant_all(tx, inst, person).await?;
    let workspace = workspaces::ops::create(tx, inst, &plan.workspace, None, person).await?;
    Ok((person, workspace))
}

async fn refuse_second_run(rx: &mut Read, inst: &Installation) -> Result<()> {
    if people::store::anybody_administers(rx, inst).await? {
        return Err(Error::conflict("already_set_up", "This installation has its administrator already."));
    }
    Ok(())
}

fn bad_token() -> Error {
    let message = "This setup link does not work: it was used, it is too old, or a newer one was made.";
    Error::forbidden("setup_token_invalid", message)
}
