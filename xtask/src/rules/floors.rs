//! A crate uses only the floors below it.

use crate::tree::{Crate, Dependency};
use crate::{Finding, Tree};

/// The kernel from the ground up. A crate may use those before it. `query` stands below `journal` because timelines
/// are lists: they page as every other list does.
pub(crate) const KERNEL: [&str; 13] = [
    "types",
    "config",
    "telemetry",
    "tasks",
    "cache",
    "outbound",
    "blobs",
    "db",
    "query",
    "journal",
    "queue",
    "mail",
    "web",
];
/// Which systems may use which others.
const NAMED: [(&str, &[&str]); 4] = [
    ("documents", &["files"]),
    ("media", &["files"]),
    ("desk", &["records"]),
    ("conference", &["records", "files"]),
];
/// What only tests may use.
const FOR_TESTS: [&str; 3] = ["testkit", "peers", "crash"];

/// The workload of the crash tests: the binary takes it in, but only a build that asks for it.
const WORKLOAD: &str = "trials";

/// Where a crate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Floor {
    Kernel(usize),
    System,
    Binary,
    /// Tools of the workshop, which stand beside the house.
    Workshop,
}

/// `None` for a crate of the kernel that has no place in the order yet.
pub(crate) fn floor(one: &Crate) -> Option<Floor> {
    match one.folder.split('/').next() {
        Some("kernel") => KERNEL.iter().position(|name| *name == one.name).map(Floor::Kernel),
        Some("systems") => Some(Floor::System),
        Some("mainstay") => Some(Floor::Binary),
        _ => Some(Floor::Workshop),
    }
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in &tree.crates {
        let manifest = format!("{}/Cargo.toml", one.folder);
        let Some(own) = floor(one) else {
            let what = format!("`{}` has no place in the order of the kernel", one.name);
            findings.push(Finding::new(
                "floors",
                &manifest,
                1,
                what,
                "add it to KERNEL in xtask/src/rules/floors.rs",
            ));
            continue;
        };
        for dependency in &one.dependencies {
            if let Some(other) = tree.crate_named(&dependency.name)
                && let Some(why) = refused(one, own, dependency, other)
            {
                let what = format!("`{}` uses `{}`: {why}", one.name, other.name);
                let to_do = "move what is shared down, or name it as a trait here and hand it in from above";
                findings.push(Finding::new("floors", &manifest, dependency.line, what, to_do));
            }
        }
    }
    findings
}

fn refused(one: &Crate, own: Floor, dependency: &Dependency, other: &Crate) -> Option<&'static str> {
    if FOR_TESTS.contains(&other.name.as_str()) {
        let may = dependency.dev || own == Floor::Workshop;
        return (!may).then_some("only tests use the test kit");
    }
    match (own, floor(other)?) {
        // Tests use the workshop, and run a system beside those it is used with.
        (_, Floor::Workshop) | (Floor::System, Floor::System) if dependency.dev => None,
        (Floor::Binary, Floor::Workshop) if other.name == WORKLOAD && dependency.optional => None,
        (_, Floor::Workshop) => Some("a tool of the workshop is no part of the house"),
        (Floor::Workshop, _) if one.name == "testkit" => None,
        (Floor::Workshop, _) if matches!(one.name.as_str(), "peers" | "xtask") => {
            Some("it must not depend on what it tests")
        }
        (Floor::Workshop, _) => None,
        (Floor::Kernel(own), Floor::Kernel(used)) if used < own => None,
        (Floor::Kernel(_), Floor::Kernel(_)) => Some("it stands higher in the kernel"),
        (Floor::System, Floor::System) => {
            let named = NAMED.iter().find(|(name, _)| *name == one.name).map_or(&[][..], |(_, used)| used);
            (!named.contains(&other.name.as_str())).then_some("systems do not know each other")
        }
        (own, used) if used < own => None,
        _ => Some("it stands higher"),
    }
}
