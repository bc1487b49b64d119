//! What somebody can be in a workspace, and what that allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use types::{Error, Permission, Result, Rights, Time, typed_id};
use web::{PermissionInfo, Rank, Realm};

pub(crate) const NAME_MAX: usize = 60;
pub(crate) const PERMISSIONS_MAX: usize = 200;

typed_id!(
    /// A role that a workspace made for itself.
    RoleId,
    "rol"
);

/// What somebody is in a workspace. On the wire it is one word, or the id of a role of the workspace's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// May do everything in the workspace.
    Owner,
    /// May do everything but end it or give it away.
    Admin,
    Member,
    /// Sees, and changes nothing.
    Viewer,
    Custom(RoleId),
}

impl Role {
    /// What the column says.
    pub(crate) const fn kept(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
            Self::Custom(_) => "custom",
        }
    }

    pub(crate) const fn id(self) -> Option<RoleId> {
        if let Self::Custom(id) = self { Some(id) } else { None }
    }

    /// What is not known counts as the least: a row from a newer version must not open a door.
    pub(crate) fn read(kept: &str, id: Option<RoleId>) -> Self {
        match (kept, id) {
            ("owner", _) => Self::Owner,
            ("admin", _) => Self::Admin,
            ("member", _) => Self::Member,
            ("custom", Some(id)) => Self::Custom(id),
            _ => Self::Viewer,
        }
    }

    /// As it is written on the wire.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "owner" => Some(Self::Owner),
            "admin" => Some(Self::Admin),
            "member" => Some(Self::Member),
            "viewer" => Some(Self::Viewer),
            other => other.parse().ok().map(Self::Custom),
        }
    }

    const fn rank(self) -> Rank {
        match self {
            Self::Owner => Rank::Owner,
            Self::Admin => Rank::Admin,
            Self::Member => Rank::Member,
            Self::Viewer | Self::Custom(_) => Rank::Viewer,
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Custom(id) => id.fmt(f),
            other => f.write_str(other.kept()),
        }
    }
}

impl serde::Serialize for Role {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Only the four: what belongs to no workspace cannot name a role of one.
impl<'de> serde::Deserialize<'de> for Role {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::parse(&text)
            .filter(|role| role.id().is_none())
            .ok_or_else(|| serde::de::Error::custom("must be owner, admin, member or viewer"))
    }
}

impl utoipa::PartialSchema for Role {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let words = ["owner", "admin", "member", "viewer"];
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(words))
            .into()
    }
}

impl utoipa::ToSchema for Role {}

/// A role together with what a table says of it, where it is one of the workspace's own.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) role: Role,
    pub(crate) name: Option<String>,
    pub(crate) permissions: Vec<String>,
}

impl Post {
    pub(crate) const fn built_in(role: Role) -> Self {
        Self { role, name: None, permissions: Vec::new() }
    }

    /// What people call it.
    pub(crate) fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(match self.role {
            Role::Owner => "Owner",
            Role::Admin => "Admin",
            Role::Member => "Member",
            Role::Viewer | Role::Custom(_) => "Viewer",
        })
    }
}

/// A role of a workspace's own, as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct RoleRow {
    pub(crate) id: RoleId,
    pub(crate) name: String,
    pub(crate) permissions: Vec<String>,
    pub(crate) members: i64,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) version: i64,
}

impl RoleRow {
    pub(crate) fn post(&self) -> Post {
        let role = Role::Custom(self.id);
        Post { role, name: Some(self.name.clone()), permissions: self.permissions.clone() }
    }
}

/// What each role may do, made once of the permissions that the systems declare. A clone shares it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles(Arc<Declared>);

#[derive(Debug, Default)]
struct Declared {
    permissions: BTreeMap<&'static str, Realm>,
    /// By rank, the least first.
    built_in: [Rights; 4],
}

const RANKS: [Rank; 4] = [Rank::Viewer, Rank::Member, Rank::Admin, Rank::Owner];

impl Roles {
    pub(crate) fn new<'a>(declared: impl IntoIterator<Item = &'a PermissionInfo>) -> Self {
        let permissions: BTreeMap<_, _> =
            declared.into_iter().map(|info| (info.permission.as_str(), info.realm)).collect();
        let built_in = RANKS.map(|rank| {
            let had = |realm: &Realm| matches!(realm, Realm::Workspace(least) if *least <= rank);
            Rights::of(permissions.iter().filter(|(_, realm)| had(realm)).map(|(name, _)| *name))
        });
        Self(Arc::new(Declared { permissions, built_in }))
    }

    /// What one of the four may do; a role of a workspace's own is a viewer as far as this can tell.
    pub(crate) fn rights(&self, role: Role) -> &Rights {
        &self.0.built_in[role.rank() as usize]
    }

    /// What somebody in this post may do. A permission that no system declares any more counts for nothing.
    pub(crate) fn rights_of(&self, post: &Post) -> Rights {
        match post.role {
            Role::Custom(_) => self.limited(&post.permissions, self.rights(Role::Owner), false),
            role => self.rights(role).clone(),
        }
    }

    /// The permission by its name, if some system declares it.
    pub(crate) fn find(&self, name: &str) -> Option<(Permission, Realm)> {
        self.0.permissions.get_key_value(name).map(|(name, realm)| (Permission(name), *realm))
    }

    /// Nobody grants what they lack: `held` has to cover everything that the post may do.
    pub(crate) fn admit(&self, post: &Post, held: &Rights) -> Result<()> {
        if held.cover(&self.rights_of(post)) {
            return Ok(());
        }
        let message = "Nobody can give a role that may do more than they may.";
        Err(Error::forbidden("cannot_grant", message))
    }

    /// The names of all permissions of the realm that `rights` hold.
    pub(crate) fn held(&self, rights: &Rights, installation: bool) -> Vec<&'static str> {
        let of_realm =
            |(_, realm): &(&&'static str, &Realm)| (**realm == Realm::Installation) == installation;
        let all = self.0.permissions.iter().filter(of_realm).map(|(name, _)| *name);
        all.filter(|name| rights.hold(Permission(name))).collect()
    }

    /// Of the names, those that are declared and that `held` covers in the realm.
    pub(crate) fn limited(&self, names: &[String], held: &Rights, installation: bool) -> Rights {
        Rights::of(names.iter().filter_map(|name| {
            let (permission, realm) = self.find(name)?;
            let here = (realm == Realm::Installation) == installation;
            (here && held.hold(permission)).then(|| permission.as_str())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEE: PermissionInfo = PermissionInfo::workspace(Permission("things:read"), Rank::Viewer, "");
    const MAKE: PermissionInfo = PermissionInfo::workspace(Permission("things:write"), Rank::Member, "");
    const END: PermissionInfo = PermissionInfo::workspace(Permission("things:manage"), Rank::Owner, "");
    const ALL: PermissionInfo = PermissionInfo::installation(Permission("installation:settings"), "");

    fn roles() -> Roles {
        Roles::new(&[SEE, MAKE, END, ALL])
    }

    fn custom(permissions: &[&str]) -> Post {
        let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
        Post { role: Role::Custom(RoleId::from_bytes([1; 16])), name: None, permissions }
    }

    #[test]
    fn each_role_may_what_the_one_before_may() {
        let roles = roles();
        for (role, most) in [
            (Role::Viewer, "things:read"),
            (Role::Member, "things:write"),
            (Role::Admin, "things:write"),
            (Role::Owner, "things:manage"),
        ] {
            let held = roles.held(roles.rights(role), false);
            assert_eq!(held.iter().max_by_key(|name| (name.len(), **name)), Some(&most), "{role}");
            assert!(!roles.rights(role).hold(ALL.permission));
        }
        assert!(roles.rights(Role::Owner).cover(roles.rights(Role::Viewer)));
        assert!(!roles.rights(Role::Admin).cover(roles.rights(Role::Owner)));
    }

    #[test]
    fn nobody_grants_what_they_lack() {
        let roles = roles();
        let member = roles.rights(Role::Member);
        assert!(roles.admit(&Post::built_in(Role::Owner), member).is_err());
        assert!(roles.admit(&Post::built_in(Role::Viewer), member).is_ok());
        assert!(roles.admit(&custom(&["things:write"]), member).is_ok());
        assert!(roles.admit(&custom(&["things:manage"]), member).is_err());
        let asked = ["things:manage", "things:read", "things:gone", "*"].map(str::to_owned);
        let given = roles.limited(&asked, member, false);
        assert_eq!(given.names().collect::<Vec<_>>(), ["things:read"]);
        let over_all = roles.limited(&["installation:settings".to_owned()], &Rights::of(["*"]), true);
        assert!(over_all.hold(ALL.permission));
    }

    #[test]
    fn a_role_of_ones_own_never_reaches_beyond_the_workspace() {
        let roles = roles();
        let rights = roles.rights_of(&custom(&["installation:settings", "*", "things:gone", "things:read"]));
        assert_eq!(rights.names().collect::<Vec<_>>(), ["things:read"]);
    }

    #[test]
    fn what_a_table_says_is_read_as_the_least() {
        let id = RoleId::from_bytes([1; 16]);
        assert_eq!(Role::read("custom", Some(id)), Role::Custom(id));
        for unknown in ["", "king", "custom", "OWNER"] {
            assert_eq!(Role::read(unknown, None), Role::Viewer);
        }
        for text in ["owner", "admin", "member", "viewer", &id.to_string()] {
            assert_eq!(Role::parse(text).map(|role| role.to_string()).as_deref(), Some(text));
        }
        for not in ["custom", "king", "", "Owner", "per_01j00000000000000000000000"] {
            assert_eq!(Role::parse(not), None, "{not}");
        }
    }
}
