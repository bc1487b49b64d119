//! Every permission that identity declares, and what it means.
//!
//! Owns the names. Which role has which is made of the whole house's declarations, in `workspaces`.

use types::Permission;
use web::{PermissionInfo, Realm};

pub(crate) const WORKSPACE_READ: Permission = Permission("workspace:read");
pub(crate) const WORKSPACE_WRITE: Permission = Permission("workspace:write");
pub(crate) const MEMBERS_READ: Permission = Permission("members:read");
pub(crate) const MEMBERS_MANAGE: Permission = Permission("members:manage");
pub(crate) const API_KEYS_WRITE: Permission = Permission("api_keys:write");
pub(crate) const API_KEYS_MANAGE: Permission = Permission("api_keys:manage");
pub(crate) const WORKSPACES_CREATE: Permission = Permission("workspaces:create");
pub(crate) const PEOPLE_READ: Permission = Permission("people:read");
pub(crate) const PEOPLE_MANAGE: Permission = Permission("people:manage");
pub(crate) const SSO_MANAGE: Permission = Permission("sso:manage");
pub(crate) const OPERATOR_KEYS: Permission = Permission("operator_keys:manage");
pub(crate) const SECOND_FACTORS_RESET: Permission = Permission("second_factors:reset");

pub(crate) const PERMISSIONS: &[PermissionInfo] = &[
    in_workspace(WORKSPACE_READ, true, "See the workspace's name and slug."),
    in_workspace(WORKSPACE_WRITE, false, "Rename the workspace."),
    in_workspace(MEMBERS_READ, true, "See who belongs to the workspace."),
    in_workspace(MEMBERS_MANAGE, false, "Take people into the workspace and out of it."),
    in_workspace(API_KEYS_WRITE, true, "Make API keys for the workspace, and revoke one's own."),
    in_workspace(
        API_KEYS_MANAGE,
        false,
        "Make service accounts and publishable keys, see and revoke everybody's API keys.",
    ),
    over_all(WORKSPACES_CREATE, "Make workspaces."),
    over_all(PEOPLE_READ, "See people, and what happened to them and their sessions."),
    over_all(
        PEOPLE_MANAGE,
        "Keep people out, let them in again, send them away, and make links that set a password.",
    ),
    over_all(SSO_MANAGE, "See, make and change the providers that people sign in at."),
    over_all(OPERATOR_KEYS, "Make, see and revoke API keys that work in every workspace."),
    over_all(SECOND_FACTORS_RESET, "Take all second factors off somebody who lost them."),
];

const fn in_workspace(permission: Permission, member: bool, meaning: &'static str) -> PermissionInfo {
    PermissionInfo { permission, meaning, realm: Realm::Workspace, member }
}

const fn over_all(permission: Permission, meaning: &'static str) -> PermissionInfo {
    PermissionInfo { permission, meaning, realm: Realm::Installation, member: false }
}
