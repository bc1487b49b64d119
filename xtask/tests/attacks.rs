//! The table of attacks names tests that exist, and has a row for every attack that a test tries.

#![allow(
    clippy::unwrap_used,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a test may panic, and names in the tree are in lower case"
)]

use std::collections::BTreeSet;

use xtask::Tree;

const TABLE: &str = "docs/dev/attacks.md";
/// Those of which something is built, so that a row without a test must say why.
const WITHOUT_A_TEST: [&str; 2] = ["A10", "A11"];

/// The rows: the number of the attack and the names in backticks in its last cell.
fn rows(table: &str) -> Vec<(String, BTreeSet<String>)> {
    let lines = table.lines().filter(|line| line.starts_with("| A") && line.as_bytes()[3].is_ascii_digit());
    lines
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let names = cells.last().unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect();
            (cells[0].to_owned(), names)
        })
        .collect()
}

/// The name of the function that begins on a line.
fn function(line: &str) -> Option<&str> {
    let name = line.split_once("fn ")?.1;
    name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
}

/// `A07` of `a07_a_cursor` or `p15_a07_a_cursor`.
fn attack(name: &str) -> Option<String> {
    let mut parts = name.split('_').take(2);
    let number =
        |part: &str| Some(part.strip_prefix('a')?).filter(|digits| digits.len() == 2)?.parse::<u8>().ok();
    parts.find_map(number).map(|number| format!("A{number:02}"))
}

/// Every function of the house, tests too.
fn functions(tree: &Tree) -> BTreeSet<&str> {
    let rust = tree
        .sources
        .iter()
        .filter(|source| source.path.ends_with(".rs") && !source.path.starts_with("xtask/"));
    rust.flat_map(|source| source.text.lines().filter_map(function)).collect()
}

fn table(tree: &Tree) -> &str {
    &tree.sources.iter().find(|source| source.path == TABLE).unwrap().text
}

#[test]
fn every_named_test_exists_and_every_attack_that_is_tried_has_a_row() {
    let tree = Tree::read(&xtask::root()).unwrap();
    let (functions, table) = (functions(&tree), table(&tree));
    let mut wrong = Vec::new();
    let rows = rows(table);
    assert!(rows.len() >= 30, "{}", rows.len());
    for (number, names) in &rows {
        if names.is_empty() && !WITHOUT_A_TEST.contains(&number.as_str()) {
            wrong.push(format!("{number} has no test"));
        }
        wrong.extend(
            names
                .iter()
                .filter(|name| !functions.contains(name.as_str()))
                .map(|name| format!("{number}: there is no {name}")),
        );
    }
    for name in functions {
        let Some(number) = attack(name) else { continue };
        if !rows.iter().any(|(row, _)| *row == number) {
            wrong.push(format!("{name} tries {number}, which has no row"));
        }
    }
    assert!(wrong.is_empty(), "{TABLE}:\n{}", wrong.join("\n"));
}

/// The names in backticks in the last cell of each row below the title of the advisories.
fn of_advisories(table: &str) -> BTreeSet<&str> {
    let below = table.split_once("## Advisories").map_or("", |(_, below)| below);
    let lines = below.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let cells = lines.filter_map(|line| line.trim_matches('|').split(" | ").last());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_advisory_that_is_tried_has_a_row_and_every_row_a_test() {
    let tree = Tree::read(&xtask::root()).unwrap();
    let (functions, table) = (functions(&tree), table(&tree));
    let named = of_advisories(table);
    assert!(named.len() >= 15, "{}", named.len());
    let gone: Vec<_> = named.difference(&functions).collect();
    assert!(gone.is_empty(), "{TABLE} names tests that are not there: {gone:?}");
    let numbered = functions.iter().filter(|name| name.contains("cve_20") || name.contains("ghsa_"));
    let unlisted: Vec<_> =
        numbered.filter(|name| !named.contains(*name) && !name.contains("can_fail")).collect();
    assert!(unlisted.is_empty(), "{TABLE} lacks {unlisted:?}");
}

#[test]
fn names_and_rows_are_read() {
    assert_eq!(attack("a07_a_cursor").as_deref(), Some("A07"));
    assert_eq!(attack("p15_a01_no_stranger").as_deref(), Some("A01"));
    assert_eq!(attack("a_key_is_kept"), None);
    assert_eq!(function("    async fn a07_x(engine: Engine) {"), Some("a07_x"));
    let rows = rows("| Attack | x |\n| A06 | `%` and more | 400 | `a06_one`, `two` |\n");
    assert_eq!(rows, [("A06".to_owned(), BTreeSet::from(["a06_one".to_owned(), "two".to_owned()]))]);
}
