//! Every number that is counted is on the page of metrics, which is made from the lists of meanings; and every number of
//! that page is counted somewhere.

use std::collections::BTreeMap;

use crate::{Finding, Tree};

const PAGE: &str = "docs/guide/metrics.md";
const MACROS: [&str; 3] = ["counter!(", "gauge!(", "histogram!("];
/// Read from the machine when somebody asks, not counted.
const OF_THE_PROCESS: &str = "process_";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.sources.iter().find(|source| source.path == PAGE) else { return Vec::new() };
    let listed = page.text.lines().enumerate().filter_map(|(index, line)| {
        let name = line.strip_prefix("| `")?.split('`').next()?;
        Some((name, index + 1))
    });
    let listed: BTreeMap<&str, usize> = listed.collect();
    let mut counted: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for source in tree.rust().filter(|source| !source.is_test()) {
        for (index, line) in source.text.lines().enumerate() {
            let number = index + 1;
            if source.mentions.tests.iter().any(|(from, to)| (*from..=*to).contains(&number)) {
                continue;
            }
            for rest in MACROS.iter().filter_map(|name| line.split_once(name)).map(|(_, rest)| rest) {
                if let Some(name) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                    counted.entry(name).or_insert((&source.path, number));
                }
            }
        }
    }
    let unlisted =
        counted.iter().filter(|(name, _)| !listed.contains_key(*name)).map(|(name, (path, line))| {
            let what = format!("counts `{name}`, which {PAGE} does not list");
            Finding::new(
                "metrics",
                path,
                *line,
                what,
                "add its meaning to a list of meanings, then `cargo xtask generate`",
            )
        });
    let idle =
        listed.iter().filter(|(name, _)| !counted.contains_key(*name) && !name.starts_with(OF_THE_PROCESS));
    let idle = idle.map(|(name, line)| {
        let what = format!("lists `{name}`, which nothing counts");
        Finding::new("metrics", PAGE, *line, what, "take its meaning out, then `cargo xtask generate`")
    });
    unlisted.chain(idle).collect()
}
