//! What somebody may do: names declared by systems, and the set a caller holds.

use std::collections::BTreeSet;

/// The name of a right, `noun:verb`. `manage` of a noun implies its `read` and `write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission(pub &'static str);

impl Permission {
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    fn noun(self) -> &'static str {
        self.0.rsplit_once(':').map_or(self.0, |(noun, _)| noun)
    }
}

/// The rights a caller holds in one workspace, or over the installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(BTreeSet<String>);

impl Rights {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// Whether the set holds the permission itself, `manage` of its noun, or `*`.
    pub fn hold(&self, permission: Permission) -> bool {
        self.0.contains(permission.as_str())
            || self.0.contains("*")
            || self.0.contains(&format!("{}:manage", permission.noun()))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manage_implies_the_rest_of_its_noun_only() {
        let rights = Rights::of(["status:manage", "projects:read"]);
        assert!(rights.hold(Permission("status:write")));
        assert!(rights.hold(Permission("projects:read")));
        assert!(!rights.hold(Permission("projects:write")));
        assert!(!Rights::none().hold(Permission("status:read")));
        assert!(Rights::of(["*"]).hold(Permission("anything:at-all")));
    }
}
