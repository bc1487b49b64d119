//! What somebody says at the door over HTTP, whether they want tokens or a cookie, and the pace at which they are heard.

use std::sync::Arc;

use types::{Error, Installation};
use web::{Client, View};
use zeroize::Zeroizing;

use super::ops::Grant;
use super::ops_door::{self, Guest};
use super::siege::Siege;
use crate::Identity;
use crate::factors::Shown;
use crate::factors::passkeys::AssertionIn;
use crate::people::{email_key, password_text};

/// What somebody says at the door.
pub(super) enum Entry {
    Password {
        email_key: String,
        password: Zeroizing<String>,
        code: Option<Zeroizing<String>>,
    },
    /// The answer to a challenge.
    Code {
        challenge: String,
        code: Zeroizing<String>,
    },
    Passkey {
        challenge: String,
        assertion: Box<AssertionIn>,
    },
}

impl Entry {
    pub(super) fn password(
        name: Option<String>,
        password: Option<String>,
        code: Option<String>,
        field: &'static str,
    ) -> types::Result<Self> {
        Ok(Self::Password {
            email_key: email_key(&name.ok_or_else(|| missing(field))?),
            password: password_text(&Zeroizing::new(password.ok_or_else(|| missing("/password"))?)),
            code: code.map(Zeroizing::new),
        })
    }

    pub(super) fn factor(
        challenge: Option<String>,
        code: Option<String>,
        passkey: Option<AssertionIn>,
    ) -> types::Result<Self> {
        let challenge = challenge.ok_or_else(|| missing("/challenge"))?;
        match (code, passkey) {
            (Some(code), None) => Ok(Self::Code { challenge, code: Zeroizing::new(code) }),
            (None, Some(assertion)) => Ok(Self::Passkey { challenge, assertion: Box::new(assertion) }),
            _ => Err(missing("/totp")),
        }
    }
}

/// Opens a session for whoever shows what it takes, at the pace that the account can stand.
pub(super) async fn enter(
    view: &View<Installation>,
    identity: &Arc<Identity>,
    client: Client,
    guest: Guest,
    entry: Entry,
) -> types::Result<Grant> {
    let (app, inst) = (view.app(), view.ground());
    let siege = match &entry {
        Entry::Password { email_key, .. } => Some(Siege::of(email_key)),
        _ => None,
    };
    if let Some(siege) = &siege {
        siege.pace(app).await;
    }
    let opened = match entry {
        Entry::Password { email_key, password, code } => {
            let door = ops_door::SignIn { email_key, password, shown: code.map(Shown::Code) };
            ops_door::sign_in(app, identity, inst, door, guest).await
        }
        Entry::Code { challenge, code } => {
            ops_door::answer(app, identity, inst, &challenge, ops_door::Answer::Code(code), guest).await
        }
        Entry::Passkey { challenge, assertion } => {
            ops_door::answer(app, identity, inst, &challenge, ops_door::Answer::Passkey(assertion), guest)
                .await
        }
    };
    if let Err(error) = &opened
        && error.code() != "second_factor_required"
    {
        identity.refusals.count(error.code(), client.0, app.clock().now());
        if let Some(siege) = siege {
            siege.failed(app).await;
        }
    }
    opened
}

fn missing(field: &'static str) -> Error {
    Error::invalid("invalid", "Some fields are not valid.").at_field(field, "required", "is needed here")
}
