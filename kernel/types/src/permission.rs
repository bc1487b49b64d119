//! What somebody may do: names declared by systems, and the set a caller holds.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// The name of a right, `noun:verb`. `manage` of a noun implies all of it, and `write` its `read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission(pub &'static str);

impl Permission {
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The rights a caller holds in one workspace, or over the installation. What a right implies is added once, when the set is
/// made, so asking is looking up. A clone shares the set: every request has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(Arc<Set>);

#[derive(Debug, Default)]
struct Set {
    names: BTreeSet<String>,
    /// Nouns of which everything is held.
    managed: BTreeSet<String>,
    everything: bool,
    mark: OnceLock<[u8; 32]>,
}

/// The rest follows from the names.
impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

impl Eq for Set {}

impl Rights {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut set = Set::default();
        let mut next: Vec<String> = names.into_iter().map(Into::into).collect();
        // Until nothing new follows.
        while let Some(name) = next.pop() {
            if let Some((noun, verb)) = name.rsplit_once(':') {
                next.extend(implied(verb).map(|verb| format!("{noun}:{verb}")));
                if verb == "manage" {
                    set.managed.insert(noun.to_owned());
                }
            }
            set.everything |= name == "*";
            set.names.insert(name);
        }
        Self(Arc::new(set))
    }

    /// Whether the set holds the permission itself, something that implies it, or `*`.
    pub fn hold(&self, permission: Permission) -> bool {
        self.has(permission.as_str())
    }

    /// Whether everything that `other` holds is held here too.
    pub fn cover(&self, other: &Self) -> bool {
        other.names().all(|name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        let set = &*self.0;
        set.everything
            || set.names.contains(name)
            || name.rsplit_once(':').is_some_and(|(noun, _)| set.managed.contains(noun))
    }

    /// What of it changes nothing.
    #[must_use]
    pub fn only_reads(&self) -> Self {
        Self::of(self.names().filter(|name| name.ends_with(":read")))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.names.is_empty()
    }

    /// What `make` makes of the names: once for a set, however many share it, so always give the same function.
    pub fn mark(&self, make: fn(&Self) -> [u8; 32]) -> &[u8; 32] {
        self.0.mark.get_or_init(|| make(self))
    }
}

/// What follows from a verb in one step.
fn implied(verb: &str) -> Option<&'static str> {
    match verb {
        "manage" => Some("write"),
        "write" => Some("read"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manage_implies_the_rest_of_its_noun_only() {
        let rights = Rights::of(["status:manage", "projects:read"]);
        for held in ["status:manage", "status:write", "status:read", "status:publish", "projects:read"] {
            assert!(rights.hold(Permission(held)), "{held}");
        }
        for lacking in ["projects:write", "statuses:read", "manage", "*"] {
            assert!(!rights.hold(Permission(lacking)), "{lacking}");
        }
        assert!(!Rights::none().hold(Permission("status:read")));
        assert!(Rights::of(["*"]).hold(Permission("anything:at-all")));
    }

    #[test]
    fn write_implies_read_and_nothing_follows_backwards() {
        let rights = Rights::of(["status:write"]);
        assert!(rights.hold(Permission("status:read")) && !rights.hold(Permission("status:manage")));
        assert!(!Rights::of(["status:read"]).hold(Permission("status:write")));
    }

    #[test]
    fn a_set_covers_what_follows_from_it() {
        let manage = Rights::of(["status:manage"]);
        assert!(manage.cover(&Rights::of(["status:read", "status:publish"])));
        assert!(!Rights::of(["status:write"]).cover(&manage));
        assert!(!manage.cover(&Rights::of(["*"])) && Rights::of(["*"]).cover(&manage));
        assert!(Rights::none().cover(&Rights::none()));
    }
}
