//! The states of a workspace, and which of them counts.

use types::Time;
use web::Closed;

/// How a workspace stands. What is `None` does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) enabled_from: Option<Time>,
    pub(crate) enabled_until: Option<Time>,
    pub(crate) suspended_at: Option<Time>,
    pub(crate) archived_at: Option<Time>,
    /// Its jobs wait.
    pub(crate) paused_at: Option<Time>,
    /// It was deleted, and will be forgotten then.
    pub(crate) delete_at: Option<Time>,
}

impl Life {
    /// Why it does not answer as usual. What allows the least counts.
    pub(crate) fn closed(&self, now: Time) -> Option<Closed> {
        if self.delete_at.is_some() {
            return Some(Closed::Deleted);
        }
        if self.suspended_at.is_some() {
            return Some(Closed::Suspended);
        }
        let early = self.enabled_from.is_some_and(|from| now < from);
        let late = self.enabled_until.is_some_and(|until| now >= until);
        if early || late {
            return Some(Closed::Disabled);
        }
        self.archived_at.map(|_| Closed::Archived)
    }

    /// One word for it.
    pub(crate) fn word(&self, now: Time) -> &'static str {
        match self.closed(now) {
            None => "active",
            Some(Closed::Deleted) => "deleted",
            Some(Closed::Suspended) => "suspended",
            Some(Closed::Disabled) => "disabled",
            Some(Closed::Archived) => "archived",
        }
    }

    /// Whether its jobs wait. Not while it is disabled: that comes and goes by the clock, without a commit.
    pub(crate) const fn holds(&self) -> bool {
        self.paused_at.is_some()
            || self.suspended_at.is_some()
            || self.archived_at.is_some()
            || self.delete_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_allows_the_least_counts() {
        let at = |millis| Some(Time::from_millis(millis));
        let now = Time::from_millis(100);
        assert_eq!(Life::default().closed(now), None);
        let archived = Life { archived_at: at(1), ..Life::default() };
        assert_eq!(archived.closed(now), Some(Closed::Archived));
        let disabled = Life { enabled_until: at(100), ..archived };
        assert_eq!(disabled.closed(now), Some(Closed::Disabled), "the end is not in it");
        assert_eq!(Life { enabled_from: at(100), ..Life::default() }.closed(now), None, "the beginning is");
        assert_eq!(Life { enabled_from: at(101), ..archived }.closed(now), Some(Closed::Disabled));
        let suspended = Life { suspended_at: at(1), ..disabled };
        assert_eq!(suspended.closed(now), Some(Closed::Suspended));
        assert_eq!(Life { delete_at: at(1), ..suspended }.closed(now), Some(Closed::Deleted));
        assert!(!Life::default().holds() && archived.holds() && suspended.holds());
    }
}
