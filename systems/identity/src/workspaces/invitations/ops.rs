//! Inviting, sending again, cancelling, accepting.

use std::sync::Arc;

use config::sections::Server;
use db::{Read, Tx};
use mail::{Address, Mailer, Message};
use serde_json::json;
use types::{Error, Installation, PersonId, Problems, Result, Rights, Scope, Time, WorkspaceId};
use web::App;

use super::model::{INVITED, InvitationId, InvitationRow, Invited, State, life};
use super::store::{self, Link, NewInvitation};
use crate::people::{self, Email, Status};
use crate::workspaces::limits::{self, Allowed, Name};
use crate::workspaces::roles::Post;
use crate::workspaces::{self, Roles, members};
use crate::{events, secrets};

/// What a mail needs: who carries it, and the public address that its link begins with. Never a header of the request.
#[derive(Clone)]
pub(crate) struct Letters {
    mailer: Arc<Mailer>,
    base: String,
}

impl Letters {
    pub(crate) fn of(app: &App) -> Self {
        Self { mailer: Arc::clone(app.mailer()), base: app.settings().get::<Server>().public_address(None) }
    }

    /// The mail with the link, in the transaction that made the token.
    async fn send(&self, tx: &mut Tx, scope: &Scope, row: &InvitationRow, token: &str) -> Result<()> {
        let workspace = workspaces::store::get(tx, scope).await?.ok_or_else(Error::not_found)?;
        let inviter = members::store::get(tx, scope, row.invited_by).await?.ok_or_else(Error::not_found)?;
        // Behind `#`, which no browser sends: a mail lies in a mailbox, and proxies on the way log addresses.
        let link = format!("{}/invitation#{token}", self.base);
        let said = Invited {
            workspace: &workspace.name,
            inviter: &short(&inviter.name),
            role: row.post.label(),
            link: &link,
            code: token,
            until: row.expires_at.to_string().chars().take(10).collect(),
        };
        let message = Message::new(Address::new("", &row.email)?, &INVITED, &said)?;
        self.mailer.send(tx, scope, &message).await.map(drop)
    }
}

/// A subject has one line of at most 200 characters, and the name of the workspace is in it too.
fn short(name: &str) -> String {
    name.chars().take(80).collect()
}

/// Who invites, and what they hold in the workspace.
pub(crate) struct Inviter<'a> {
    pub(crate) roles: &'a Roles,
    pub(crate) held: &'a Rights,
    pub(crate) person: PersonId,
}

pub(crate) async fn create(
    tx: &mut Tx,
    scope: &Scope,
    inviter: &Inviter<'_>,
    how: (&Allowed, &Letters),
    email: &Email,
    post: &Post,
) -> Result<InvitationRow> {
    let (allowed, letters) = how;
    inviter.roles.admit(post, inviter.held)?;
    // Members are in a list that whoever invites may read.
    if members::store::has_address(tx, scope, &email.key).await? {
        return Err(Error::conflict("already_member", "They belong to this workspace already."));
    }
    limits::ops::admit(tx, scope, allowed, Name::Invitations).await?;
    let (now, token) = (tx.now(), secrets::random_text::<32>());
    let days = workspaces::settings::store::get(tx, scope).await?.invitation_days;
    let new = NewInvitation {
        id: InvitationId::at(now),
        email: &email.typed,
        email_key: &email.key,
        role: post.role,
        token_hash: &secrets::hash(&token),
        invited_by: inviter.person,
        now,
        expires_at: now.plus(life(days)),
    };
    if !store::insert(tx, scope, &new).await? {
        let message = "An invitation to this address is pending: send it again, or cancel it first.";
        return Err(Error::conflict("already_invited", message));
    }
    let row = store::get(tx, scope, new.id).await?.ok_or_else(Error::not_found)?;
    letters.send(tx, scope, &row, &token).await?;
    tell(tx, scope, events::INVITATION_CREATED, &row).await?;
    Ok(row)
}

/// Sends a pending one again, in the name of whoever asks: another link, from now on as long as a new one.
pub(crate) async fn resend(
    tx: &mut Tx,
    scope: &Scope,
    inviter: &Inviter<'_>,
    letters: &Letters,
    row: InvitationRow,
) -> Result<InvitationRow> {
    pending(&row)?;
    inviter.roles.admit(&row.post, inviter.held)?;
    let (now, token) = (tx.now(), secrets::random_text::<32>());
    let days = workspaces::settings::store::get(tx, scope).await?.invitation_days;
    let link = Link { token_hash: &secrets::hash(&token), sent_at: now, expires_at: now.plus(life(days)) };
    store::renew(tx, scope, row.id, inviter.person, &link).await?;
    let row = store::get(tx, scope, row.id).await?.ok_or_else(Error::not_found)?;
    letters.send(tx, scope, &row, &token).await?;
    tell(tx, scope, events::INVITATION_SENT, &row).await?;
    Ok(row)
}

pub(crate) async fn cancel(tx: &mut Tx, scope: &Scope, row: InvitationRow) -> Result<InvitationRow> {
    pending(&row)?;
    let now = tx.now();
    store::end(tx, scope, row.id, State::Cancelled, None, now).await?;
    tell(tx, scope, events::INVITATION_CANCELLED, &row).await?;
    store::get(tx, scope, row.id).await?.ok_or_else(Error::not_found)
}

fn pending(row: &InvitationRow) -> Result<()> {
    if row.state == State::Pending {
        return Ok(());
    }
    let message = "Only an invitation that is pending or expired can be sent again or cancelled.";
    Err(Error::conflict("invitation_ended", message).with("state", row.state.as_str()))
}

/// An invitation that can be accepted now, and the scope it leads into.
pub(crate) struct Open {
    pub(crate) row: InvitationRow,
    pub(crate) scope: Scope,
    pub(crate) workspace: String,
    pub(crate) inviter: String,
}

/// The invitation of this token. Unknown, used, cancelled, past its time, into a workspace that is closed, or by somebody who
/// could not invite like that any more: all the same refusal.
pub(crate) async fn open(rx: &mut Read, inst: &Installation, roles: &Roles, hash: &[u8]) -> Result<Open> {
    let now = rx.now();
    let row = store::by_token(rx, inst, hash).await?.filter(|row| row.is_open(now)).ok_or_else(invalid)?;
    let scope = workspaces::ops::at(inst, row.workspace);
    let workspace = workspaces::store::get(rx, &scope).await?.ok_or_else(invalid)?;
    if workspace.life.closed(now).is_some() {
        return Err(invalid());
    }
    let inviter = members::store::active(rx, &scope, row.invited_by).await?.ok_or_else(invalid)?;
    let held = roles.rights_of(&inviter.post);
    if !held.hold(crate::permissions::MEMBERS_MANAGE) || roles.admit(&row.post, &held).is_err() {
        return Err(invalid());
    }
    Ok(Open { row, scope, workspace: workspace.name, inviter: inviter.name })
}

pub(crate) fn invalid() -> Error {
    let message = "This invitation does not work: it was used, cancelled or sent again, it is too old, or it never was.";
    Error::forbidden("invitation_invalid", message)
}

/// Whether somebody has an account with the address of the invitation. For whoever holds the token only: they read its mail.
pub(crate) async fn has_account(rx: &mut Read, inst: &Installation, row: &InvitationRow) -> Result<bool> {
    Ok(people::store::by_email(rx, inst, &row.email_key).await?.is_some())
}

/// Makes the person a member. One statement says who was first.
pub(crate) async fn accept(
    tx: &mut Tx,
    inst: &Installation,
    allowed: &Allowed,
    open: &Open,
    person: PersonId,
) -> Result<()> {
    let Open { row, scope, .. } = open;
    let known = people::store::get(tx, inst, person).await?;
    let known = known.filter(|person| person.status == Status::Active).ok_or_else(invalid)?;
    if people::email_key(&known.email) != row.email_key {
        let message = "This invitation is for another address. Sign in with the account that has it.";
        return Err(Error::forbidden("invitation_for_another", message));
    }
    let now: Time = tx.now();
    if !store::end(tx, scope, row.id, State::Accepted, Some(person), now).await? {
        return Err(invalid());
    }
    members::ops::join(tx, scope, allowed, person, row.post.role).await?;
    let payload = json!({"person_id": person, "role": row.post.role});
    events::in_workspace(tx, scope, events::INVITATION_ACCEPTED, row.id.to_string(), payload).await
}

/// Somebody who was invited and has no account: checked and hashed.
pub(crate) struct Guest {
    pub(crate) token_hash: Vec<u8>,
    pub(crate) name: String,
    pub(crate) password_hash: String,
}

/// An account with the invited address, and the membership, at once.
pub(crate) async fn register(
    tx: &mut Tx,
    inst: &Installation,
    roles: &Roles,
    allowed: &Allowed,
    guest: &Guest,
) -> Result<(PersonId, WorkspaceId)> {
    let open = open(tx, inst, roles, &guest.token_hash).await?;
    if has_account(tx, inst, &open.row).await? {
        return Err(has_one());
    }
    let email = Email::check("/email", &open.row.email, &mut Problems::new());
    let hash = Some(guest.password_hash.as_str());
    let person = people::ops::create_named(tx, inst, &email, &guest.name, hash).await?;
    accept(tx, inst, allowed, &open, person).await?;
    Ok((person, open.row.workspace))
}

pub(crate) fn has_one() -> Error {
    let message = "This address has an account here: sign in and accept the invitation there.";
    Error::conflict("account_exists", message)
}

async fn tell(tx: &mut Tx, scope: &Scope, kind: &'static str, row: &InvitationRow) -> Result<()> {
    let payload = json!({"role": row.post.role, "expires_at": row.expires_at});
    events::in_workspace(tx, scope, kind, row.id.to_string(), payload).await
}
