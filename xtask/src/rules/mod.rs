//! The rules of the house, one file each. A rule reads the tree and reports; it excuses nobody by name.

mod floors;
mod links;
mod lock;
mod metrics;
mod names;
mod places;
mod problems;
mod rooms;
mod scopes;
mod sizes;

pub(crate) use floors::{Floor, floor};

use crate::{Finding, Tree};

pub(crate) fn all(tree: &Tree) -> Vec<Finding> {
    let rules = [
        floors::check,
        rooms::check,
        sizes::check,
        names::check,
        places::check,
        scopes::check,
        links::check,
        problems::check,
        metrics::check,
        lock::check,
    ];
    rules.iter().flat_map(|rule| rule(tree)).collect()
}
