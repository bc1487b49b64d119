//! Making people at the machine, and saying whether they may sign in.

use db::Db;
use types::{Error, Installation, PersonId, Problems, Result, Scope, WorkspaceId};
use web::App;

use crate::Identity;
use crate::passwords::Cost;
use crate::people::{self, Email, check_password_of, password_text};
use crate::workspaces::{self, Role, members, slug_of};

/// Everything that can be done to the installation, now and in later versions.
pub(crate) const ALL_RIGHTS: &str = "*";

/// Who was made, and where they are owner.
#[derive(Clone, Debug)]
pub struct Created {
    pub person: PersonId,
    pub workspace: WorkspaceId,
    /// The slug of the workspace.
    pub slug: String,
}

/// Makes an administrator of the installation who owns the workspace of that name; makes the workspace when there is none.
/// `already_exists` when somebody has the address. Hashes the password right here.
pub async fn create(db: &Db, cost: Cost, email: &str, password: &str, workspace: &str) -> Result<Created> {
    let plan = plan(cost, email, password, workspace)?;
    let inst = Installation::system("mainstay admin create");
    db.write((inst, plan), |tx, (inst, plan)| Box::pin(run(tx, inst, plan))).await
}

struct Plan {
    email: Email,
    hash: String,
    workspace: String,
}

async fn run(tx: &mut db::Tx, inst: &Installation, plan: &Plan) -> Result<Created> {
    let person = people::ops::create(tx, inst, &plan.email, &plan.hash).await?;
    people::ops::grant_all(tx, inst, person).await?;
    settle(tx, inst, &plan.workspace, person, Role::Owner).await
}

/// Gives the person a role in the workspace of that name; makes it, with them as its owner, when there is none.
pub(super) async fn settle(
    tx: &mut db::Tx,
    inst: &Installation,
    workspace: &str,
    person: PersonId,
    role: Role,
) -> Result<Created> {
    let now = tx.now();
    let found = workspaces::store::by_slug(tx, inst, &slug_of(workspace)).await?;
    let workspace = match found {
        Some(workspace) => {
            let scope = Scope::system(workspace.id, "an operator adds a person");
            members::store::insert(tx, &scope, person, role, now).await?;
            members::ops::tell_added(tx, &scope, person, role).await?;
            workspace
        }
        None => workspaces::ops::create(tx, inst, workspace, None, person).await?,
    };
    Ok(Created { person, workspace: workspace.id, slug: workspace.slug })
}

/// Lets somebody sign in no more, or again. Their sessions stay rows, and are refused within a second.
pub async fn set_status(db: &Db, email: &str, status: people::Status) -> Result<PersonId> {
    let inst = Installation::system("mainstay changes who may sign in");
    let args = (inst, people::email_key(email), status);
    let write = db.write(args, |tx, (inst, key, status)| {
        Box::pin(async move {
            let person = people::store::by_email(tx, inst, key).await?.ok_or_else(Error::not_found)?;
            people::ops::set_status(tx, inst, person.id, *status, None).await?;
            Ok(person.id)
        })
    });
    write.await
}

/// Makes a person with a role in the workspace of that name, and without rights over the installation; makes the workspace
/// when there is none.
pub async fn add(
    db: &Db,
    cost: Cost,
    email: &str,
    password: &str,
    workspace: &str,
    role: Role,
) -> Result<Created> {
    let plan = plan(cost, email, password, workspace)?;
    let inst = Installation::system("an operator adds a person");
    let write = db.write((inst, plan, role), |tx, (inst, plan, role)| {
        Box::pin(async move {
            let person = people::ops::create(tx, inst, &plan.email, &plan.hash).await?;
            settle(tx, inst, &plan.workspace, person, *role).await
        })
    });
    write.await
}

/// The same as [`create`], inside a running server: the password waits its turn like any other.
pub async fn create_admin(app: &App, email: &str, password: &str, workspace: &str) -> Result<Created> {
    let (email, workspace) = check(email, password, workspace)?;
    let identity = app.extension::<Identity>()?;
    let hash = identity.passwords.hash(app.tasks(), password_text(password)).await?;
    let inst = Installation::system("mainstay admin create");
    let plan = Plan { email, hash, workspace };
    let made = app.db().write((inst, plan), |tx, (inst, plan)| Box::pin(run(tx, inst, plan))).await?;
    identity.callers.forget();
    Ok(made)
}

fn plan(cost: Cost, email: &str, password: &str, workspace: &str) -> Result<Plan> {
    let (email, workspace) = check(email, password, workspace)?;
    Ok(Plan { email, hash: cost.hash(&password_text(password))?, workspace })
}

/// Every mistake at once, else the address and the name as they will be kept.
fn check(email: &str, password: &str, workspace: &str) -> Result<(Email, String)> {
    let mut problems = Problems::new();
    let email = Email::check("/email", email, &mut problems);
    check_password_of("/password", password, email.typed.as_str(), &mut problems);
    people::check_line("/workspace", workspace, workspaces::NAME_MAX, &mut problems);
    problems.into_result()?;
    Ok((email, workspace.trim().to_owned()))
}
