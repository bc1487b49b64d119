//! `mainstay workspace`, with a running server and alone.

use crate::process::{Server, folder, run};
use crate::trouble::administrator;

#[test]
fn workspaces_are_made_suspended_and_limited_with_and_without_a_server() {
    let place = folder();
    let data = place.path().join("data");
    let at = data.to_str().unwrap().to_owned();
    let workspace = |arguments: &[&str]| {
        let all: Vec<&str> = ["workspace"].iter().chain(arguments).chain(&["--data", &at]).copied().collect();
        run(&all)
    };
    let server = Server::start(&data, &["--dev"]);
    assert_eq!(workspace(&["create", "Nord", "--owner", "nobody@example.test"]).code, 4);
    let email = "owner@example.test";
    administrator(&data, &[]);
    let made = workspace(&["create", "Nord", "--owner", email, "--json"]);
    assert!(made.code == 0 && made.out.contains("\"slug\":\"nord\""), "{} {}", made.out, made.err);
    assert!(made.err.contains("Asked the running server"), "{}", made.err);
    assert_eq!(workspace(&["create", "Nord", "--slug", "nord", "--owner", email]).code, 5);
    let suspended = workspace(&["suspend", "nord"]);
    assert!(
        suspended.code == 0 && suspended.out.contains("suspended"),
        "{} {}",
        suspended.out,
        suspended.err
    );
    assert_eq!(workspace(&["suspend", "no-such-one"]).code, 4);
    assert_eq!(workspace(&["delete", "nord"]).code, 2, "nothing is deleted without --yes");
    server.stop();
    // Alone the same database says the same.
    let listed = workspace(&["list"]);
    assert!(listed.err.contains("opening the data directly"), "{}", listed.err);
    assert!(listed.out.lines().count() == 2 && listed.out.contains("suspended"), "{}", listed.out);
    assert!(workspace(&["resume", "nord"]).out.contains("active"));
    let limits = workspace(&["limits", "nord", "--set", "members=7"]);
    assert!(limits.code == 0 && limits.out.contains("1 of 7  (set for this workspace)"), "{}", limits.out);
    assert_eq!(workspace(&["limits", "nord", "--set", "kings=1"]).code, 2);
    assert!(workspace(&["archive", "nord"]).out.contains("archived"));
    let deleted = workspace(&["delete", "nord", "--yes"]);
    assert!(deleted.code == 0 && deleted.out.contains("is forgotten at"), "{} {}", deleted.out, deleted.err);
    assert!(workspace(&["restore", "nord"]).out.contains("archived"));
    assert!(workspace(&["show", "nord", "--json"]).out.contains("\"owners\":1"));
}
