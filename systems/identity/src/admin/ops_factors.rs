//! Taking second factors off somebody who lost them, at the machine.

use db::Db;
use types::{Error, Installation, PersonId, Result};
use web::App;

use crate::factors;
use crate::{Identity, people, sessions};

/// What became of it.
#[derive(Clone, Debug)]
pub struct Reset {
    pub person: PersonId,
    /// The address as they typed it.
    pub email: String,
    /// Whether there was anything to take off.
    pub had_any: bool,
    /// How many sessions were ended.
    pub ended: usize,
}

/// Takes all second factors off the person with this address, recovery codes too, and ends their sessions.
pub async fn otp_off(db: &Db, email: &str) -> Result<Reset> {
    let inst = Installation::system("mainstay admin otp-off");
    let write = db.write((inst, people::email_key(email)), |tx, (inst, key)| {
        Box::pin(async move {
            let person = people::store::by_email(tx, inst, key).await?.ok_or_else(Error::not_found)?;
            let had_any = factors::ops::reset_for(tx, inst, person.id).await?;
            let ended = sessions::ops::revoke_all(tx, inst, person.id, None).await?;
            Ok(Reset { person: person.id, email: person.email, had_any, ended })
        })
    });
    write.await
}

/// The same inside a running server, which forgets at once what it knew of their sessions.
pub async fn otp_off_here(app: &App, email: &str) -> Result<Reset> {
    let reset = otp_off(app.db(), email).await?;
    app.extension::<Identity>()?.callers.forget();
    Ok(reset)
}
