//! The real tree is tidy, and each rule can fail: small made-up trees break one rule each.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::fs;

use xtask::{Finding, Tree, picture, tidy};

fn real() -> Tree {
    Tree::read(&xtask::root()).unwrap()
}

#[test]
fn the_tree_is_tidy() {
    let findings: Vec<String> = tidy(&real()).iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn the_picture_of_the_floors_is_current_and_has_no_circle() {
    assert_eq!(picture::problems(&real()), Vec::<String>::new());
}

/// A made-up tree in a temporary folder.
struct Made(tempfile::TempDir);

impl Made {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn tree(&self) -> Tree {
        Tree::read(self.0.path()).unwrap()
    }
}

/// The findings as `rule path:line`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let findings = tidy(&Made::of(files).tree());
    findings.iter().map(|finding| format!("{} {}:{}", finding.rule, finding.path, finding.line)).collect()
}

fn file(path: &str, body: &str) -> Vec<String> {
    found(&[(path, &format!("//! It says what it owns.\n{body}"))])
}

fn manifest(name: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\n{dependencies}")
}

const CLEAN: [&str; 0] = [];

#[test]
fn a_crate_uses_only_the_floors_below_it() {
    let (db, web) = (manifest("db", "[dependencies]\nweb.workspace = true\n"), manifest("web", ""));
    let up = found(&[("kernel/db/Cargo.toml", &db), ("kernel/web/Cargo.toml", &web)]);
    assert_eq!(up, ["floors kernel/db/Cargo.toml:4"]);
    let (db, web) = (manifest("db", ""), manifest("web", "[dependencies]\ndb.workspace = true\n"));
    let down = found(&[("kernel/db/Cargo.toml", &db), ("kernel/web/Cargo.toml", &web)]);
    assert_eq!(down, CLEAN);
    assert_eq!(found(&[("kernel/new/Cargo.toml", &manifest("new", ""))]), ["floors kernel/new/Cargo.toml:1"]);
}

#[test]
fn systems_do_not_know_each_other_except_where_named() {
    let uses =
        |name: &str, other: &str| manifest(name, &format!("[dependencies]\n{other} = {{ path = \"x\" }}\n"));
    let pair = |name: &str, other: &str| {
        let (one, two) = (uses(name, other), manifest(other, ""));
        let (a, b) = (format!("systems/{name}/Cargo.toml"), format!("systems/{other}/Cargo.toml"));
        found(&[(a.as_str(), one.as_str()), (b.as_str(), two.as_str())])
    };
    assert_eq!(pair("status", "identity"), ["floors systems/status/Cargo.toml:4"]);
    assert_eq!(pair("desk", "records"), CLEAN);
    let (status, identity) =
        (manifest("status", "[dev-dependencies]\nidentity = \"1\"\n"), manifest("identity", ""));
    let beside = [("systems/status/Cargo.toml", &*status), ("systems/identity/Cargo.toml", &*identity)];
    assert_eq!(found(&beside), CLEAN, "tests run a system beside others");
}

#[test]
fn the_test_kit_is_for_tests() {
    let kit = ("testkit/Cargo.toml", manifest("testkit", ""));
    let with = |section: &str| {
        let status = manifest("status", &format!("[{section}]\ntestkit.workspace = true\n"));
        found(&[(kit.0, &kit.1), ("systems/status/Cargo.toml", &status)])
    };
    assert_eq!(with("dependencies"), ["floors systems/status/Cargo.toml:4"]);
    assert_eq!(with("dev-dependencies"), CLEAN);
}

#[test]
fn rooms_have_the_same_names_everywhere() {
    assert_eq!(file("systems/status/src/level.rs", "pub enum Level {}\n"), CLEAN, "a part of the model");
    for effect in ["use db::Tx;\n", "pub async fn f() {}\n"] {
        assert_eq!(file("systems/status/src/level.rs", effect), ["rooms systems/status/src/level.rs:2"]);
    }
    assert_eq!(file("systems/status/src/a/b/c/mod.rs", ""), ["rooms systems/status/src/a/b/c/mod.rs:1"]);
    for room in ["lib.rs", "api.rs", "services/store.rs", "services/store_lists.rs", "services/api/public.rs"]
    {
        assert_eq!(file(&format!("systems/status/src/{room}"), ""), CLEAN, "{room}");
    }
}

#[test]
fn migrations_are_numbered_and_sql_files_have_a_room() {
    for (path, rooms) in [
        ("migrations/0001_first.sql", 0),
        ("migrations/0001_first.postgres.sql", 0),
        ("migrations/first.sql", 1),
        ("first.sql", 1),
    ] {
        assert_eq!(found(&[(&format!("systems/status/{path}"), "SELECT 1")]).len(), rooms, "{path}");
    }
}

#[test]
fn files_stop_at_500_lines_without_their_tests() {
    let long = "//! Long.\n".to_owned() + &"// a line\n".repeat(500);
    assert_eq!(found(&[("kernel/db/src/long.rs", &long)]), ["sizes kernel/db/src/long.rs:500"]);
    let tests = format!("//! Short.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "// a line\n".repeat(600));
    assert_eq!(found(&[("kernel/db/src/tested.rs", &tests)]), CLEAN);
}

#[test]
fn every_module_says_what_it_is() {
    assert_eq!(found(&[("kernel/db/src/lib.rs", "pub fn f() {}\n")]), ["opening kernel/db/src/lib.rs:1"]);
    assert_eq!(found(&[("kernel/db/src/lib.rs", "#![no_main]\n//! It.\n")]), CLEAN);
}

#[test]
fn no_name_could_hold_anything() {
    assert_eq!(file("kernel/db/src/utils.rs", ""), ["names kernel/db/src/utils.rs:1"]);
    assert_eq!(file("kernel/db/src/pool_manager.rs", ""), ["names kernel/db/src/pool_manager.rs:1"]);
    assert_eq!(file("kernel/db/src/lib.rs", "mod helpers;\n"), ["names kernel/db/src/lib.rs:2"]);
    assert_eq!(file("kernel/common/src/lib.rs", ""), ["names kernel/common/src/lib.rs:1"]);
    assert_eq!(file("kernel/db/src/baseline.rs", ""), CLEAN);
}

#[test]
fn sql_stands_in_stores() {
    let code = "pub const Q: &str = \"SELECT 1 FROM t\";\n";
    assert_eq!(file("systems/status/src/ops.rs", code), ["sql systems/status/src/ops.rs:2"]);
    let in_macro = "fn f() {\n    let _ = format!(\"\n  DELETE FROM t WHERE {}\", 1);\n}\n";
    assert_eq!(file("systems/status/src/ops.rs", in_macro), ["sql systems/status/src/ops.rs:3"]);
    assert_eq!(file("systems/status/src/store.rs", code), CLEAN);
    assert_eq!(file("kernel/journal/src/store.rs", code), CLEAN);
    assert_eq!(file("kernel/web/src/kept/mod.rs", code), ["sql kernel/web/src/kept/mod.rs:2"]);
    assert_eq!(file("systems/status/tests/it/main.rs", code), CLEAN);
    assert_eq!(file("systems/status/src/api.rs", "pub const M: &str = \"DELETE\";\n"), CLEAN);
    assert_eq!(file("systems/status/src/api.rs", "#[doc = \"SELECT a thing\"]\npub struct A;\n"), CLEAN);
    assert_eq!(file("systems/status/src/ops.rs", &format!("#[cfg(test)]\nmod tests {{\n{code}}}\n")), CLEAN);
}

#[test]
fn drivers_stand_in_db() {
    let code = "use rusqlite::Connection;\n";
    assert_eq!(file("kernel/web/src/lib.rs", code), ["drivers kernel/web/src/lib.rs:2"]);
    assert_eq!(file("kernel/db/src/lib.rs", code), CLEAN);
    let web = manifest("web", "[dependencies]\ntokio-postgres.workspace = true\n");
    assert_eq!(found(&[("kernel/web/Cargo.toml", &web)]), ["drivers kernel/web/Cargo.toml:4"]);
}

#[test]
fn axum_stands_in_api_and_web() {
    let code = "use axum::Router;\n";
    assert_eq!(file("systems/status/src/ops.rs", code), ["axum systems/status/src/ops.rs:2"]);
    for path in
        ["systems/status/src/api.rs", "systems/status/src/services/api/public.rs", "kernel/web/src/lib.rs"]
    {
        assert_eq!(file(path, code), CLEAN, "{path}");
    }
}

#[test]
fn the_environment_is_read_in_config() {
    for code in [
        "pub fn f() {\n    let _ = std::env::var(\"A\");\n}\n",
        "use std::env;\npub fn f() {\n    let _ = env::vars();\n}\n",
    ] {
        assert_eq!(file("kernel/web/src/lib.rs", code).len(), 1, "{code}");
        assert_eq!(file("kernel/config/src/lib.rs", code), CLEAN);
    }
    assert_eq!(file("mainstay/src/main.rs", "pub fn f() {\n    let _ = std::env::args();\n}\n"), CLEAN);
}

#[test]
fn tasks_are_spawned_in_tasks() {
    for code in [
        "pub fn f() {\n    tokio::spawn(async {});\n}\n",
        "use tokio::task;\npub fn f() {\n    task::spawn_blocking(|| ());\n}\n",
        "pub fn f() {\n    std::thread::spawn(|| ());\n}\n",
        "pub fn f() {\n    wrap!(tokio::spawn(g()));\n}\n",
    ] {
        assert_eq!(file("kernel/web/src/lib.rs", code).len(), 1, "{code}");
        assert_eq!(file("kernel/tasks/src/lib.rs", code), CLEAN);
    }
}

#[test]
fn the_time_comes_from_the_clock() {
    let standard = "use std::time::Instant;\npub fn f() {\n    let _ = Instant::now();\n}\n";
    assert_eq!(file("kernel/web/src/lib.rs", standard), ["clock kernel/web/src/lib.rs:4"]);
    assert_eq!(file("kernel/web/src/lib.rs", &standard.replace("std", "tokio")), CLEAN);
    assert_eq!(file("kernel/types/src/clock.rs", standard), CLEAN);
}

#[test]
fn others_are_called_through_outbound() {
    assert_eq!(
        file("systems/status/src/ops.rs", "use reqwest::Client;\n"),
        ["outbound systems/status/src/ops.rs:2"]
    );
    let code = "use hyper::client::conn::http1;\n";
    assert_eq!(file("kernel/web/src/lib.rs", code), ["outbound kernel/web/src/lib.rs:2"]);
    assert_eq!(file("kernel/outbound/src/lib.rs", code), CLEAN);
    let web = manifest("web", "[dependencies]\nureq.workspace = true\n");
    assert_eq!(found(&[("kernel/web/Cargo.toml", &web)]), ["outbound kernel/web/Cargo.toml:4"]);
}

const ISSUER: &str = "use types::Scope;\npub fn f() {\n    Scope::public(w, t);\n}\n";

#[test]
fn a_scope_is_issued_only_by_the_listed() {
    assert_eq!(file("systems/status/src/ops.rs", ISSUER), ["scope systems/status/src/ops.rs:4"]);
    let listed =
        "[[file]]\npath = \"systems/status/src/ops.rs\"\nreason = \"the page is open to everybody\"\n";
    let text = format!("//! It.\n{ISSUER}");
    let files = [("systems/status/src/ops.rs", text.as_str()), ("xtask/scope-issuers.toml", listed)];
    assert_eq!(found(&files), CLEAN);
    assert_eq!(
        found(&files[1..]),
        ["exceptions xtask/scope-issuers.toml:1"],
        "an issuer that issues nothing"
    );
}

#[test]
fn what_is_locked_comes_from_one_registry_and_is_not_banned() {
    let lock = |name: &str, source: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n")
    };
    let deny = "[bans]\ndeny = [{ crate = \"openssl\", reason = \"one TLS\" }]\n";
    let one = lock("serde", "registry+one");
    let with = |second: &str| found(&[("Cargo.lock", &format!("{one}{second}")), ("deny.toml", deny)]);
    assert_eq!(with(&lock("rand", "registry+one")), CLEAN);
    assert_eq!(with(&lock("openssl", "registry+one")), ["lock Cargo.lock:6"]);
    assert_eq!(with(&lock("rand", "registry+two")), ["lock Cargo.lock:6"]);
    assert_eq!(with(&lock("rand", "git+somewhere")), ["lock Cargo.lock:6"]);
}

#[test]
fn documents_point_at_what_exists() {
    let text =
        "See [it](b.md), [that](../x.md#part), `kernel/db/src/lib.rs` and `kernel/<crate>/src/lib.rs`.\n";
    assert_eq!(found(&[("docs/a.md", text)]), ["links docs/a.md:1"; 3]);
    let there = [("docs/a.md", text), ("docs/b.md", ""), ("x.md", ""), ("kernel/db/src/lib.rs", "//! It.\n")];
    assert_eq!(found(&there), CLEAN);
}

#[test]
fn exceptions_have_a_reason_are_needed_and_shrink() {
    let code = "//! It.\npub fn f() {\n    tokio::spawn(async {});\n}\n";
    let with = |most: u8, reason: &str, rule: &str| {
        let list = format!(
            "most = {most}\n[[file]]\nrule = \"{rule}\"\npath = \"kernel/web/src/lib.rs\"\nreason = \"{reason}\"\n"
        );
        found(&[("kernel/web/src/lib.rs", code), ("xtask/tidy-exceptions.toml", &list)])
    };
    assert_eq!(with(1, "hyper asks for an executor", "spawn"), CLEAN);
    assert_eq!(with(1, "", "spawn"), ["exceptions xtask/tidy-exceptions.toml:2"]);
    assert_eq!(with(2, "hyper asks for an executor", "spawn"), ["exceptions xtask/tidy-exceptions.toml:1"]);
    assert_eq!(with(0, "hyper asks for an executor", "spawn"), ["exceptions xtask/tidy-exceptions.toml:1"]);
    let unneeded = ["spawn kernel/web/src/lib.rs:3", "exceptions xtask/tidy-exceptions.toml:2"];
    assert_eq!(with(1, "hyper asks for an executor", "clock"), unneeded);
}

#[test]
fn a_circle_of_imports_is_seen_and_an_old_picture_too() {
    let (a, b) = (manifest("a", "[dependencies]\nb = \"1\"\n"), manifest("b", "[dependencies]\na = \"1\"\n"));
    let made = Made::of(&[("systems/a/Cargo.toml", &a), ("systems/b/Cargo.toml", &b)]);
    let problems = picture::problems(&made.tree());
    assert_eq!(problems[0], "the imports go in a circle: a -> b -> a");
    assert!(problems[1].contains("is not current"));
    assert!(picture::write(&made.tree()).is_err());
}

#[test]
fn every_problem_is_explained_with_its_status() {
    let code = "//! It says what it owns.\nfn f() -> Error { Error::conflict(\"taken\", \"Taken.\") }\n";
    let with = |page: &str| found(&[("kernel/a/src/lib.rs", code), ("docs/guide/problems.md", page)]);
    assert_eq!(with("### taken\n\n409. It is taken.\n"), CLEAN);
    assert_eq!(
        with("### other\n\n409. It is other.\n"),
        ["problems docs/guide/problems.md:1", "problems kernel/a/src/lib.rs:2"]
    );
    assert_eq!(with("### taken\n\n409 or 422. It is taken.\n"), ["problems docs/guide/problems.md:1"]);
    let hidden = "//! It says what it owns.\nfn f(c: &'static str) -> Error { Error::new(Kind::Gone, c, \"Gone.\") }\n";
    let findings = found(&[("systems/a/src/lib.rs", hidden), ("docs/guide/problems.md", "")]);
    assert_eq!(findings, ["problems systems/a/src/lib.rs:2"]);
}

#[test]
fn every_number_that_is_counted_is_listed() {
    let code =
        "//! It says what it owns.\nfn f() { metrics::counter!(\"a_total\", \"b\" => 1).increment(1); }\n";
    let with = |page: &str| found(&[("kernel/a/src/lib.rs", code), ("docs/guide/metrics.md", page)]);
    assert_eq!(with("| `a_total` | counter | A. |\n| `process_b` | gauge | B. |\n"), CLEAN);
    assert_eq!(
        with("| `c_total` | counter | C. |\n"),
        ["metrics docs/guide/metrics.md:1", "metrics kernel/a/src/lib.rs:2"]
    );
}
