//! Topics: a name, or a name, a dot and the id of one thing. Pure.
//!
//! The names of an event are the first part of its type (`document` of `document.created`), the same with an `s`, and the
//! name of the system that declares it.

use std::collections::HashMap;
use std::sync::Arc;

/// The longest topic there can be.
const LONGEST: usize = 128;

/// Which types of events every name stands for.
#[derive(Debug, Default)]
pub(crate) struct Catalogue(HashMap<String, Arc<[&'static str]>>);

/// What somebody wants to hear of.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) text: String,
    kinds: Arc<[&'static str]>,
    /// Where the id of one thing begins in the text.
    id_at: Option<usize>,
}

impl Catalogue {
    /// Of systems and the types they declare.
    pub(crate) fn of(declared: impl IntoIterator<Item = (&'static str, &'static str)>) -> Self {
        let mut all: HashMap<String, Vec<&'static str>> = HashMap::new();
        for (system, kind) in declared {
            let noun = kind.split('.').next().unwrap_or(kind);
            for name in [noun.to_owned(), format!("{noun}s"), system.to_owned()] {
                let kinds = all.entry(name).or_default();
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        Self(all.into_iter().map(|(name, kinds)| (name, kinds.into())).collect())
    }

    /// The topic of this text, if there is one.
    pub(crate) fn topic(&self, text: &str) -> Option<Topic> {
        let (name, id) = text.split_once('.').map_or((text, None), |(name, id)| (name, Some(id)));
        let is_id = |id: &str| {
            !id.is_empty()
                && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
        };
        if text.len() > LONGEST || !id.is_none_or(is_id) {
            return None;
        }
        let kinds = Arc::clone(self.0.get(name)?);
        Some(Topic { kinds, id_at: id.map(|_| name.len() + 1), text: text.to_owned() })
    }
}

impl Topic {
    /// Whether something of it may be seen by somebody who sees these types.
    pub(crate) fn is_visible(&self, kinds: &[&str]) -> bool {
        self.kinds.iter().any(|kind| kinds.contains(kind))
    }

    /// Whether an event belongs to it.
    pub(crate) fn holds(&self, kind: &str, subject: &str) -> bool {
        self.id_at.is_none_or(|at| &self.text[at..] == subject) && self.kinds.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::of(["document.created", "document.changed", "job.done"].map(|kind| ("documents_of", kind)))
    }

    #[test]
    fn a_topic_is_a_name_or_one_thing_of_it() {
        let all = catalogue();
        let topic = |text: &str| all.topic(text).unwrap();
        for name in ["document", "documents", "documents_of"] {
            assert!(topic(name).holds("document.created", "doc_1"), "{name}");
            assert!(topic(name).is_visible(&["document.changed"]));
        }
        assert!(topic("documents.doc_1").holds("document.changed", "doc_1"));
        assert!(!topic("documents.doc_1").holds("document.changed", "doc_10"));
        assert!(!topic("documents").holds("job.done", "job_1"));
        assert!(!topic("jobs").is_visible(&["document.changed"]));
    }

    #[test]
    fn what_is_no_topic_is_none() {
        let all = catalogue();
        let long = format!("jobs.{}", "a".repeat(200));
        for text in
            ["", ".", "jobs.", "jobs.a.b", "Jobs", "nothing", "jobs.A", "jobs.\u{e9}", "jobs ", "*", &long]
        {
            assert!(all.topic(text).is_none(), "{text}");
        }
    }
}
