//! Who may call which operation of identity.
//!
//! Owns the table and nothing else; `web` refuses to start with an operation that is missing here.

use web::{Access, Rule, Tier};

use crate::permissions::{PEOPLE_MANAGE, PEOPLE_READ, SSO_MANAGE, WORKSPACES_CREATE};

pub(crate) const ACCESS: &[Access] = &[
    Access::new("create_token", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("create_session", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("get_own_session", Rule::SignedIn),
    Access::new("renew_session", Rule::SignedIn).unkept(),
    Access::new("refresh_token", Rule::Anyone).tier(Tier::Refresh).unkept(),
    Access::new("create_setup", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("logout", Rule::SignedIn).unkept(),
    Access::new("logout_all", Rule::SignedIn).unkept(),
    Access::new("list_sessions", Rule::SignedIn),
    Access::new("get_session", Rule::SignedIn),
    Access::new("update_session", Rule::SignedIn),
    Access::new("revoke_session", Rule::SignedIn),
    Access::new("revoke_other_sessions", Rule::SignedIn),
    Access::new("get_me", Rule::SignedIn),
    Access::new("update_me", Rule::SignedIn),
    // People's life: what mails, or tries a password or a link, counts against the stricter limit.
    Access::new("register", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("resend_verification", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("verify_email", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("request_password_reset", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("confirm_password_reset", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("confirm_email", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("cancel_deletion", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("change_password", Rule::SignedIn).tier(Tier::SignIn).unkept(),
    Access::new("change_email", Rule::SignedIn).tier(Tier::SignIn).unkept(),
    Access::new("delete_account", Rule::SignedIn).tier(Tier::SignIn).unkept(),
    Access::new("export_me", Rule::SignedIn),
    Access::new("list_people", Rule::Installation(PEOPLE_READ)),
    Access::new("get_person", Rule::Installation(PEOPLE_READ)),
    Access::new("deactivate_person", Rule::Installation(PEOPLE_MANAGE)),
    Access::new("reactivate_person", Rule::Installation(PEOPLE_MANAGE)),
    Access::new("delete_person", Rule::Installation(PEOPLE_MANAGE)),
    Access::new("create_reset_link", Rule::Installation(PEOPLE_MANAGE)).unkept(),
    Access::new("list_api_keys", Rule::SignedIn),
    Access::new("create_api_key", Rule::SignedIn),
    Access::new("delete_api_key", Rule::SignedIn),
    Access::new("list_workspaces", Rule::SignedIn),
    Access::new("create_workspace", Rule::Installation(WORKSPACES_CREATE)),
    // The workspace of these is the one in the address: membership and permission are settled in the transaction.
    Access::new("get_workspace", Rule::SignedIn),
    Access::new("update_workspace", Rule::SignedIn),
    Access::new("list_members", Rule::SignedIn),
    Access::new("create_member", Rule::SignedIn),
    Access::new("delete_member", Rule::SignedIn),
    Access::new("list_sso", Rule::Anyone),
    // Beginning writes nothing and asks a provider once an hour; the way back is what is tried by those who guess.
    Access::new("start_sso_login", Rule::Anyone).unkept(),
    Access::new("finish_sso_login", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("link_sso_identity", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("list_sso_identities", Rule::SignedIn),
    Access::new("delete_sso_identity", Rule::SignedIn),
    Access::new("list_sso_providers", Rule::Installation(SSO_MANAGE)),
    Access::new("get_sso_provider", Rule::Installation(SSO_MANAGE)),
    Access::new("create_sso_provider", Rule::Installation(SSO_MANAGE)),
    Access::new("update_sso_provider", Rule::Installation(SSO_MANAGE)),
    Access::new("delete_sso_provider", Rule::Installation(SSO_MANAGE)),
];
