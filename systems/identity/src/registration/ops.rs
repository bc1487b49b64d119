//! From an opened link to a person.

use db::Tx;
use types::{Error, Installation, PersonId, Problems, Result};
use web::App;

use super::api::RegistrationIn;
use crate::links::{self, Purpose};
use crate::people::{self, check_password_of, password_text};
use crate::settings::{IdentitySettings, Registration};
use crate::{Identity, secrets};

/// Refuses where strangers cannot make accounts. The same for every address.
pub(crate) fn refuse_unless_open(app: &App) -> Result<()> {
    match app.settings().get::<IdentitySettings>().registration {
        Registration::Open => Ok(()),
        Registration::Invited => {
            let message = "Accounts are made by invitation here. Ask somebody who has one.";
            Err(Error::forbidden("registration_closed", message))
        }
        Registration::Closed => {
            Err(Error::forbidden("registration_closed", "Only the operator makes accounts here."))
        }
    }
}

/// Makes the person whose address the link proves, with the password that they choose now.
pub(crate) async fn complete(app: &App, inst: &Installation, body: &RegistrationIn) -> Result<PersonId> {
    refuse_unless_open(app)?;
    let link = links::ops::look(app, inst, &body.token, Purpose::Register).await?;
    let mut problems = Problems::new();
    check_password_of("/password", &body.password, &link.email.typed, &mut problems);
    problems.into_result()?;
    let hash =
        app.extension::<Identity>()?.passwords.hash(app.tasks(), password_text(&body.password)).await?;
    let plan = Plan {
        token: secrets::hash(&body.token),
        hash,
        name: body.name.as_deref().unwrap_or(link.email.local_part()).trim().to_owned(),
    };
    app.db().write((inst.clone(), plan), |tx, (inst, plan)| Box::pin(run(tx, inst, plan))).await
}

/// Who is to be made, but for the address: that stands with the link.
struct Plan {
    token: [u8; 32],
    hash: String,
    name: String,
}

async fn run(tx: &mut Tx, inst: &Installation, plan: &Plan) -> Result<PersonId> {
    let link = links::ops::take(tx, inst, &plan.token, Purpose::Register).await?;
    people::ops::create_named(tx, inst, &link.email, &plan.name, Some(&plan.hash)).await
}
