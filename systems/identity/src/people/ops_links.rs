//! A link that sets a password, made by an operator instead of being mailed.

use types::{Error, Installation, PersonId, Result, Rights};
use web::App;

use super::api_people::ResetLinkOut;
use super::model::{Email, Status};
use super::ops;
use crate::events;
use crate::links::{self, NewLink, Purpose, Token};
use crate::settings::IdentitySettings;

/// Shown once. `public` is where people reach this installation when it is not what the settings say: a port that was
/// chosen at the start.
pub(crate) async fn reset_link(
    app: &App,
    inst: &Installation,
    person: PersonId,
    held: Rights,
    public: Option<&str>,
) -> Result<ResetLinkOut> {
    let life = app.settings().get::<IdentitySettings>().reset_link_life;
    let token = Token::new();
    let args = (inst.clone(), person, held, token.hash(), life);
    let write = app.db().write(args, |tx, (inst, person, held, hash, life)| {
        Box::pin(async move {
            let row = ops::subject(tx, inst, *person, held).await?;
            if !matches!(row.status, Status::Active | Status::Leaving) {
                let message = "This person may not sign in. Let them in first.";
                return Err(Error::conflict("person_inactive", message));
            }
            let link = NewLink {
                hash: *hash,
                purpose: Purpose::Reset,
                person: Some((row.id, row.proof)),
                email: Email::of(&row.email),
                life: *life,
            };
            links::ops::issue(tx, inst, &link).await?;
            let payload = serde_json::json!({});
            events::in_installation(tx, inst, events::RESET_LINK_MADE, row.id.to_string(), payload).await?;
            Ok(tx.now().plus(*life))
        })
    });
    let expires_at = write.await?;
    let settings = app.settings().get::<config::sections::Server>().public_address(None);
    let link = token.address(public.unwrap_or(&settings), Purpose::Reset);
    Ok(ResetLinkOut { link, expires_at })
}
