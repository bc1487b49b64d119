//! The roll of one workspace: who is where, here and elsewhere. Pure.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The public ids of those who are there, and with how many connections each.
pub(crate) type Crowd = BTreeMap<String, u32>;

/// The crowds of a workspace, by topic.
pub(crate) type Crowds = BTreeMap<String, Crowd>;

/// Somebody came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) topic: Arc<str>,
    pub(crate) principal: String,
    /// The connections that he has there now.
    pub(crate) connections: u32,
    pub(crate) came: bool,
}

/// Who is on the topics of one workspace.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    here: Crowds,
    elsewhere: Crowds,
}

impl Roll {
    pub(crate) fn here(&self) -> &Crowds {
        &self.here
    }

    /// Everybody on a topic.
    pub(crate) fn crowd(&self, topic: &str) -> Crowd {
        let mut all = self.here.get(topic).cloned().unwrap_or_default();
        for (principal, connections) in self.elsewhere.get(topic).into_iter().flatten() {
            *all.entry(principal.clone()).or_default() += connections;
        }
        all
    }

    fn count(&self, topic: &str, principal: &str) -> u32 {
        let of =
            |crowds: &Crowds| crowds.get(topic).and_then(|crowd| crowd.get(principal)).copied().unwrap_or(0);
        of(&self.here) + of(&self.elsewhere)
    }

    pub(crate) fn enter(&mut self, topic: &str, principal: &str) -> Told {
        let crowd = self.here.entry(topic.to_owned()).or_default();
        *crowd.entry(principal.to_owned()).or_default() += 1;
        self.told(topic, principal, true)
    }

    pub(crate) fn leave(&mut self, topic: &str, principal: &str) -> Told {
        if let Some(crowd) = self.here.get_mut(topic) {
            if let Some(connections) = crowd.get_mut(principal) {
                *connections = connections.saturating_sub(1);
            }
            crowd.retain(|_, connections| *connections > 0);
            if crowd.is_empty() {
                self.here.remove(topic);
            }
        }
        self.told(topic, principal, false)
    }

    fn told(&self, topic: &str, principal: &str, came: bool) -> Told {
        Told {
            topic: topic.into(),
            principal: principal.to_owned(),
            connections: self.count(topic, principal),
            came,
        }
    }

    /// What the other nodes say now. Tells what is new about the topics of this node.
    pub(crate) fn hear(&mut self, elsewhere: Crowds) -> Vec<Told> {
        let before = std::mem::replace(&mut self.elsewhere, elsewhere);
        let mut news = Vec::new();
        for topic in self.here.keys() {
            let empty = Crowd::new();
            let was = before.get(topic).unwrap_or(&empty);
            let is = self.elsewhere.get(topic).unwrap_or(&empty);
            for (principal, connections) in is {
                let old = was.get(principal).copied().unwrap_or(0);
                if old != *connections {
                    news.push(self.told(topic, principal, *connections > old));
                }
            }
            for principal in was.keys().filter(|principal| !is.contains_key(*principal)) {
                news.push(self.told(topic, principal, false));
            }
        }
        news
    }
}

/// The crowds of several nodes as one.
pub(crate) fn joined(all: impl IntoIterator<Item = Crowds>) -> Crowds {
    let mut sum: HashMap<(String, String), u32> = HashMap::new();
    for (topic, crowd) in all.into_iter().flatten() {
        for (principal, connections) in crowd {
            *sum.entry((topic.clone(), principal)).or_default() += connections;
        }
    }
    let mut crowds = Crowds::new();
    for ((topic, principal), connections) in sum {
        crowds.entry(topic).or_default().insert(principal, connections);
    }
    crowds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowds(list: &[(&str, &str, u32)]) -> Crowds {
        joined(list.iter().map(|(topic, who, n)| {
            Crowds::from([((*topic).to_owned(), Crowd::from([((*who).to_owned(), *n)]))])
        }))
    }

    #[test]
    fn one_with_two_connections_is_there_until_both_are_gone() {
        let mut roll = Roll::default();
        assert_eq!(roll.enter("a", "per_1").connections, 1);
        assert_eq!(roll.enter("a", "per_1").connections, 2);
        assert_eq!((roll.leave("a", "per_1").connections, roll.crowd("a").len()), (1, 1));
        assert_eq!((roll.leave("a", "per_1").connections, roll.crowd("a").len()), (0, 0));
        assert!(roll.here().is_empty());
    }

    #[test]
    fn other_nodes_are_heard_of_by_what_changed() {
        let mut roll = Roll::default();
        roll.enter("a", "per_1");
        let news = roll.hear(crowds(&[("a", "per_1", 1), ("a", "per_2", 2), ("b", "per_3", 1)]));
        let said: Vec<_> =
            news.iter().map(|told| (told.principal.as_str(), told.connections, told.came)).collect();
        assert_eq!(said, [("per_1", 2, true), ("per_2", 2, true)]);
        let news = roll.hear(crowds(&[("a", "per_2", 1)]));
        let said: Vec<_> =
            news.iter().map(|told| (told.principal.as_str(), told.connections, told.came)).collect();
        assert_eq!(said, [("per_2", 1, false), ("per_1", 1, false)]);
        assert!(roll.hear(crowds(&[("a", "per_2", 1)])).is_empty());
    }
}
