//! Who may call which operation of identity.
//!
//! Owns the table and nothing else; `web` refuses to start with an operation that is missing here.

use web::{Access, Rule, Tier};

use crate::permissions::{API_KEYS_MANAGE, WORKSPACES_CREATE};

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
    Access::new("list_api_keys", Rule::SignedIn),
    Access::new("create_api_key", Rule::SignedIn),
    Access::new("delete_api_key", Rule::SignedIn),
    Access::new("list_service_accounts", Rule::Workspace(API_KEYS_MANAGE)),
    Access::new("create_service_account", Rule::Workspace(API_KEYS_MANAGE)),
    Access::new("get_service_account", Rule::Workspace(API_KEYS_MANAGE)),
    Access::new("update_service_account", Rule::Workspace(API_KEYS_MANAGE)),
    Access::new("delete_service_account", Rule::Workspace(API_KEYS_MANAGE)),
    Access::new("list_service_account_events", Rule::Workspace(API_KEYS_MANAGE)),
    Access::new("list_workspaces", Rule::SignedIn),
    Access::new("create_workspace", Rule::Installation(WORKSPACES_CREATE)),
    // The workspace of these is the one in the address: membership and permission are settled in the transaction.
    Access::new("get_workspace", Rule::SignedIn),
    Access::new("update_workspace", Rule::SignedIn),
    Access::new("list_members", Rule::SignedIn),
    Access::new("create_member", Rule::SignedIn),
    Access::new("delete_member", Rule::SignedIn),
];
