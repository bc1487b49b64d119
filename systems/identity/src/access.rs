//! Who may call which operation of identity.
//!
//! Owns the table and nothing else; `web` refuses to start with an operation that is missing here.

use web::{Access, Rule, Tier};

use crate::permissions::{SECOND_FACTORS_RESET, WORKSPACES_CREATE};

pub(crate) const ACCESS: &[Access] = &[
    Access::new("create_token", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("create_session", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("create_session_by_passkey", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("get_own_session", Rule::SignedIn),
    Access::new("renew_session", Rule::SignedIn).unkept(),
    Access::new("refresh_token", Rule::Anyone).tier(Tier::Refresh).unkept(),
    Access::new("create_setup", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("logout", Rule::SignedIn).unkept(),
    Access::new("logout_all", Rule::SignedIn).unkept().fresh(),
    Access::new("list_sessions", Rule::SignedIn),
    Access::new("get_session", Rule::SignedIn),
    Access::new("update_session", Rule::SignedIn),
    Access::new("revoke_session", Rule::SignedIn),
    Access::new("revoke_other_sessions", Rule::SignedIn).fresh(),
    Access::new("get_me", Rule::SignedIn),
    Access::new("update_me", Rule::SignedIn),
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
    // Second factors. What would let a thief of a session stay is fresh: so is adding a factor.
    Access::new("step_up", Rule::SignedIn).tier(Tier::SignIn).unkept(),
    Access::new("begin_step_up", Rule::SignedIn).unkept(),
    Access::new("get_second_factors", Rule::SignedIn),
    Access::new("enroll_totp", Rule::SignedIn).unkept().fresh(),
    Access::new("confirm_totp", Rule::SignedIn).tier(Tier::SignIn).unkept().fresh(),
    Access::new("disable_totp", Rule::SignedIn).fresh(),
    Access::new("renew_recovery_codes", Rule::SignedIn).unkept().fresh(),
    Access::new("list_passkeys", Rule::SignedIn),
    Access::new("begin_passkey", Rule::SignedIn).unkept().fresh(),
    Access::new("finish_passkey", Rule::SignedIn).unkept().fresh(),
    Access::new("update_passkey", Rule::SignedIn),
    Access::new("delete_passkey", Rule::SignedIn).fresh(),
    Access::new("begin_passkey_sign_in", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("finish_passkey_sign_in", Rule::Anyone).tier(Tier::SignIn).unkept(),
    Access::new("reset_second_factors", Rule::Installation(SECOND_FACTORS_RESET)).fresh(),
];
