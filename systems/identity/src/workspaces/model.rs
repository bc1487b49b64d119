//! What a workspace is called, and what its members may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Permission, Rights, Time, WorkspaceId};
use utoipa::ToSchema;

pub(crate) const NAME_MAX: usize = 80;
const SLUG_MAX: usize = 40;

/// What somebody is in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything in the workspace, and change who belongs to it.
    Owner,
    /// May do what every member may.
    Member,
}

impl Role {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// What is not known counts as the least: a row from a newer version must not open a door.
    pub(crate) fn read(text: &str) -> Self {
        if text == "owner" { Self::Owner } else { Self::Member }
    }
}

/// Where a declared permission counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Realm {
    /// In one workspace. `member`: whether every member has it, not only owners.
    Workspace { member: bool },
    /// Over the whole installation.
    Installation,
}

/// What each role may do, made of the permissions that the systems declare.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    declared: BTreeMap<&'static str, Realm>,
    owner: Rights,
    member: Rights,
}

impl Roles {
    pub(crate) fn new(declared: impl IntoIterator<Item = (Permission, Realm)>) -> Self {
        let declared: BTreeMap<_, _> =
            declared.into_iter().map(|(one, realm)| (one.as_str(), realm)).collect();
        let of = |wanted: fn(Realm) -> bool| {
            Rights::of(declared.iter().filter(|(_, realm)| wanted(**realm)).map(|(name, _)| *name))
        };
        Self {
            owner: of(|realm| matches!(realm, Realm::Workspace { .. })),
            member: of(|realm| realm == Realm::Workspace { member: true }),
            declared,
        }
    }

    pub(crate) fn rights(&self, role: Role) -> &Rights {
        match role {
            Role::Owner => &self.owner,
            Role::Member => &self.member,
        }
    }

    /// The permission by its name, if some system declares it.
    pub(crate) fn find(&self, name: &str) -> Option<(Permission, Realm)> {
        self.declared.get_key_value(name).map(|(name, realm)| (Permission(name), *realm))
    }

    /// Whether `held` covers all that the role may: nobody grants what they lack.
    pub(crate) fn covered_by(&self, role: Role, held: &Rights) -> bool {
        self.rights(role).names().all(|name| self.find(name).is_some_and(|(one, _)| held.hold(one)))
    }

    /// The names of all permissions of the realm that `rights` hold.
    pub(crate) fn held(&self, rights: &Rights, installation: bool) -> Vec<&'static str> {
        let of_realm =
            |(_, realm): &(&&'static str, &Realm)| (**realm == Realm::Installation) == installation;
        let all = self.declared.iter().filter(of_realm).map(|(name, _)| *name);
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

/// A workspace as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct WorkspaceRow {
    pub(crate) id: WorkspaceId,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) version: i64,
    pub(crate) require_second_factor: bool,
}

/// The slug of a name: lower-case letters and digits with single hyphens between. Never empty, and never the text of an
/// id, because an id has an underscore.
pub(crate) fn slug_of(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut slug = String::new();
    // Decomposed, so that a letter with an accent becomes the letter.
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && !('\u{300}'..='\u{36f}').contains(&c) {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_MAX);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "workspace".to_owned() } else { slug.to_owned() }
}

/// Whether the text can be a slug.
pub(crate) fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= SLUG_MAX + 4
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const READ: Permission = Permission("things:read");
    const WRITE: Permission = Permission("things:write");
    const ALL: Permission = Permission("installation:settings");

    fn roles() -> Roles {
        Roles::new([
            (READ, Realm::Workspace { member: true }),
            (WRITE, Realm::Workspace { member: false }),
            (ALL, Realm::Installation),
        ])
    }

    #[test]
    fn an_owner_has_everything_of_the_workspace_and_nothing_of_the_installation() {
        let roles = roles();
        assert!(roles.rights(Role::Owner).hold(WRITE) && roles.rights(Role::Owner).hold(READ));
        assert!(!roles.rights(Role::Owner).hold(ALL));
        assert!(roles.rights(Role::Member).hold(READ) && !roles.rights(Role::Member).hold(WRITE));
    }

    #[test]
    fn nobody_grants_what_they_lack() {
        let roles = roles();
        assert!(!roles.covered_by(Role::Owner, roles.rights(Role::Member)));
        assert!(roles.covered_by(Role::Member, roles.rights(Role::Owner)));
        let asked = ["things:write", "things:read", "things:gone", "*"].map(str::to_owned);
        let given = roles.limited(&asked, roles.rights(Role::Member), false);
        assert_eq!(given.names().collect::<Vec<_>>(), ["things:read"]);
        let over_all = roles.limited(&["installation:settings".to_owned()], &Rights::of(["*"]), true);
        assert!(over_all.hold(ALL));
    }

    #[test]
    fn a_name_has_a_slug() {
        assert_eq!(slug_of("Main"), "main");
        assert_eq!(slug_of("  Caf\u{e9} & Sons, Ltd. "), "cafe-sons-ltd");
        assert_eq!(slug_of("\u{4f1a}\u{793e}"), "workspace");
    }

    proptest! {
        #[test]
        fn every_slug_is_a_slug_and_no_id(name in "\\PC{0,120}") {
            let slug = slug_of(&name);
            prop_assert!(is_slug(&slug), "{slug}");
            prop_assert!(slug.parse::<WorkspaceId>().is_err());
        }
    }
}
