//! What identity writes into the journal: the names, who may read them, and the two ways in.
//!
//! Payloads hold ids and no addresses, secrets or parts of secrets.

use db::Tx;
use journal::{EventType, NewEvent};
use serde_json::Value;
use types::{Installation, Permission, Result, Scope};

use crate::permissions::{
    API_KEYS_MANAGE, MEMBERS_MANAGE, MEMBERS_READ, PEOPLE_READ, SSO_MANAGE, WORKSPACE_READ, WORKSPACES_MANAGE,
};

pub(crate) const PERSON_CREATED: &str = "person.created";
pub(crate) const PERSON_UPDATED: &str = "person.updated";
pub(crate) const PERSON_STATUS_CHANGED: &str = "person.status_changed";
pub(crate) const PASSWORD_CHANGED: &str = "person.password_changed";
pub(crate) const ADDRESS_CHANGED: &str = "person.address_changed";
pub(crate) const RESET_LINK_MADE: &str = "person.reset_link_made";
pub(crate) const RIGHTS_GRANTED: &str = "person.rights_granted";
pub(crate) const PERSON_DELETED: &str = "person.deleted";
pub(crate) const WORKSPACE_CREATED: &str = "workspace.created";
pub(crate) const WORKSPACE_UPDATED: &str = "workspace.updated";
pub(crate) const MEMBER_ADDED: &str = "member.added";
pub(crate) const MEMBER_REMOVED: &str = "member.removed";
pub(crate) const MEMBER_ROLE_CHANGED: &str = "member.role_changed";
pub(crate) const WORKSPACE_STATE_CHANGED: &str = "workspace.state_changed";
pub(crate) const WORKSPACE_SETTINGS_CHANGED: &str = "workspace.settings_changed";
pub(crate) const WORKSPACE_LIMITS_CHANGED: &str = "workspace.limits_changed";
pub(crate) const WORKSPACE_FORGOTTEN: &str = "workspace.forgotten";
pub(crate) const TRANSFER_OFFERED: &str = "workspace.transfer_offered";
pub(crate) const TRANSFER_ACCEPTED: &str = "workspace.transfer_accepted";
pub(crate) const TRANSFER_WITHDRAWN: &str = "workspace.transfer_withdrawn";
pub(crate) const ROLE_CREATED: &str = "role.created";
pub(crate) const ROLE_UPDATED: &str = "role.updated";
pub(crate) const ROLE_DELETED: &str = "role.deleted";
pub(crate) const INVITATION_CREATED: &str = "invitation.created";
pub(crate) const INVITATION_SENT: &str = "invitation.sent";
pub(crate) const INVITATION_ACCEPTED: &str = "invitation.accepted";
pub(crate) const INVITATION_CANCELLED: &str = "invitation.cancelled";
pub(crate) const SESSION_CREATED: &str = "session.created";
pub(crate) const SESSION_UPDATED: &str = "session.updated";
pub(crate) const SESSION_REVOKED: &str = "session.revoked";
pub(crate) const REUSE_DETECTED: &str = "session.reuse_detected";
pub(crate) const SIGNING_KEY_CREATED: &str = "signing_key.created";
pub(crate) const SERVICE_ACCOUNT_CREATED: &str = "service_account.created";
pub(crate) const SERVICE_ACCOUNT_UPDATED: &str = "service_account.updated";
pub(crate) const SERVICE_ACCOUNT_DELETED: &str = "service_account.deleted";
pub(crate) const API_KEY_CREATED: &str = "api_key.created";
pub(crate) const API_KEY_REVOKED: &str = "api_key.revoked";
pub(crate) const SSO_PROVIDER_CREATED: &str = "sso_provider.created";
pub(crate) const SSO_PROVIDER_UPDATED: &str = "sso_provider.updated";
pub(crate) const SSO_PROVIDER_DELETED: &str = "sso_provider.deleted";
pub(crate) const SSO_LINKED: &str = "person.sso_linked";
pub(crate) const SSO_UNLINKED: &str = "person.sso_unlinked";

/// The same as `session.created`, for those who answer for a workspace that the person belongs to.
pub(crate) const MEMBER_SIGNED_IN: &str = "member.signed_in";
/// Strangers at the door, counted by the minute: see `refusals`.
pub(crate) const SIGN_IN_REFUSED: &str = "sign_in.refused";
pub(crate) const SECOND_FACTOR_ADDED: &str = "person.second_factor_added";
pub(crate) const SECOND_FACTOR_REMOVED: &str = "person.second_factor_removed";
pub(crate) const SECOND_FACTORS_RESET: &str = "person.second_factors_reset";
pub(crate) const RECOVERY_CODES_MADE: &str = "person.recovery_codes_made";
pub(crate) const RECOVERY_CODE_USED: &str = "person.recovery_code_used";
pub(crate) const PASSKEY_COUNTER_REGRESSED: &str = "passkey.counter_regressed";
pub(crate) const SESSION_PROVEN: &str = "session.proven";

pub(crate) async fn in_workspace(
    tx: &mut Tx,
    scope: &Scope,
    kind: &'static str,
    subject: String,
    payload: Value,
) -> Result<()> {
    journal::append(tx, scope, NewEvent::new(kind, subject).with(payload)).await?;
    Ok(())
}

pub(crate) async fn in_installation(
    tx: &mut Tx,
    inst: &Installation,
    kind: &'static str,
    subject: String,
    payload: Value,
) -> Result<()> {
    journal::append_installation(tx, inst, NewEvent::new(kind, subject).with(payload)).await?;
    Ok(())
}

const fn event(kind: &'static str, noun: &'static str, read: Permission, meaning: &'static str) -> EventType {
    EventType { kind, noun, read: Some(read), meaning }
}

/// Everything that identity tells.
pub(crate) const TYPES: &[EventType] = &[
    event(PERSON_CREATED, "person", PEOPLE_READ, "Somebody has an account."),
    event(PERSON_UPDATED, "person", PEOPLE_READ, "Somebody changed their name."),
    event(
        PERSON_STATUS_CHANGED,
        "person",
        PEOPLE_READ,
        "Somebody may sign in no more, or again, or is leaving.",
    ),
    event(PASSWORD_CHANGED, "person", PEOPLE_READ, "Somebody has another password."),
    event(ADDRESS_CHANGED, "person", PEOPLE_READ, "Somebody has another address, to which both ends agreed."),
    event(RESET_LINK_MADE, "person", PEOPLE_READ, "An operator made a link that sets somebody's password."),
    event(RIGHTS_GRANTED, "person", PEOPLE_READ, "Somebody may do something over the whole installation."),
    event(PERSON_DELETED, "person", PEOPLE_READ, "An account ended; its id is left."),
    event(SESSION_CREATED, "session", PEOPLE_READ, "Somebody signed in."),
    event(SESSION_UPDATED, "session", PEOPLE_READ, "Somebody gave a device another name."),
    event(SESSION_REVOKED, "session", PEOPLE_READ, "A session was ended."),
    event(
        REUSE_DETECTED,
        "session",
        PEOPLE_READ,
        "An old refresh token came back, and the sessions it could have opened were ended.",
    ),
    event(SIGNING_KEY_CREATED, "signing_key", PEOPLE_READ, "There is a new key that signs access tokens."),
    event(
        MEMBER_SIGNED_IN,
        "member",
        Permission("audit:read"),
        "Somebody who belongs to the workspace signed in.",
    ),
    event(
        SIGN_IN_REFUSED,
        "sign_in",
        PEOPLE_READ,
        "Sign-ins and refreshes were refused; counted by the minute.",
    ),
    event(WORKSPACE_CREATED, "workspace", WORKSPACE_READ, "A workspace was made."),
    event(
        WORKSPACE_UPDATED,
        "workspace",
        WORKSPACE_READ,
        "A workspace got other names, or another time it is enabled for.",
    ),
    event(
        WORKSPACE_STATE_CHANGED,
        "workspace",
        WORKSPACE_READ,
        "A workspace was suspended, archived, paused, deleted, or is as before again.",
    ),
    event(
        WORKSPACE_SETTINGS_CHANGED,
        "workspace",
        WORKSPACE_READ,
        "The settings of a workspace were changed.",
    ),
    event(WORKSPACE_LIMITS_CHANGED, "workspace", WORKSPACE_READ, "The operator set limits of a workspace."),
    event(WORKSPACE_FORGOTTEN, "workspace", WORKSPACES_MANAGE, "Nothing is left of a deleted workspace."),
    event(TRANSFER_OFFERED, "workspace", MEMBERS_READ, "An owner offered the workspace to a member."),
    event(TRANSFER_ACCEPTED, "workspace", MEMBERS_READ, "A member accepted, and is the owner now."),
    event(TRANSFER_WITHDRAWN, "workspace", MEMBERS_READ, "The offer was taken back or declined."),
    event(MEMBER_ADDED, "member", MEMBERS_READ, "Somebody was taken into a workspace."),
    event(MEMBER_ROLE_CHANGED, "member", MEMBERS_READ, "Somebody got another role."),
    event(MEMBER_REMOVED, "member", MEMBERS_READ, "Somebody was taken out of a workspace, or left it."),
    event(ROLE_CREATED, "role", MEMBERS_READ, "A workspace made a role for itself."),
    event(
        ROLE_UPDATED,
        "role",
        MEMBERS_READ,
        "A role of a workspace's own allows something else, or is called otherwise.",
    ),
    event(ROLE_DELETED, "role", MEMBERS_READ, "A role of a workspace's own was ended."),
    event(INVITATION_CREATED, "invitation", MEMBERS_MANAGE, "Somebody was invited."),
    event(INVITATION_SENT, "invitation", MEMBERS_MANAGE, "An invitation was sent again."),
    event(INVITATION_ACCEPTED, "invitation", MEMBERS_MANAGE, "An invitation was accepted."),
    event(INVITATION_CANCELLED, "invitation", MEMBERS_MANAGE, "An invitation was taken back."),
    event(API_KEY_CREATED, "api_key", API_KEYS_MANAGE, "An API key was made."),
    event(API_KEY_REVOKED, "api_key", API_KEYS_MANAGE, "An API key was revoked."),
    event(SERVICE_ACCOUNT_CREATED, "service_account", API_KEYS_MANAGE, "A program was let in."),
    event(
        SERVICE_ACCOUNT_UPDATED,
        "service_account",
        API_KEYS_MANAGE,
        "A program may do something else now.",
    ),
    event(SERVICE_ACCOUNT_DELETED, "service_account", API_KEYS_MANAGE, "A program is let in no more."),
    event(SSO_PROVIDER_CREATED, "sso_provider", SSO_MANAGE, "People can sign in at another provider."),
    event(SSO_PROVIDER_UPDATED, "sso_provider", SSO_MANAGE, "A provider was changed."),
    event(SSO_PROVIDER_DELETED, "sso_provider", SSO_MANAGE, "A provider was taken away."),
    event(SSO_LINKED, "person", PEOPLE_READ, "An account can be signed in to at a provider."),
    event(SSO_UNLINKED, "person", PEOPLE_READ, "An account can no longer be signed in to at a provider."),
    event(SECOND_FACTOR_ADDED, "person", PEOPLE_READ, "Somebody has a second factor more."),
    event(SECOND_FACTOR_REMOVED, "person", PEOPLE_READ, "Somebody has a second factor less."),
    event(SECOND_FACTORS_RESET, "person", PEOPLE_READ, "An operator took all second factors off somebody."),
    event(RECOVERY_CODES_MADE, "person", PEOPLE_READ, "Somebody was given new recovery codes."),
    event(RECOVERY_CODE_USED, "person", PEOPLE_READ, "Somebody used a recovery code up."),
    event(
        PASSKEY_COUNTER_REGRESSED,
        "passkey",
        PEOPLE_READ,
        "The counter of a passkey did not go on: somebody may hold a copy of it. It was refused.",
    ),
    event(SESSION_PROVEN, "session", PEOPLE_READ, "Somebody proved again in a session who they are."),
];
