//! `mainstay key` and `mainstay session`, with a running server and alone.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::process::{Ran, Server, folder, mainstay, run};

const EMAIL: &str = "owner@example.test";

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn keys_and_sessions_are_seen_and_ended_with_and_without_a_server() {
    let place = folder();
    let at = place.path().join("data").to_str().unwrap().to_owned();
    let mut create = mainstay(&["admin", "create", "--email", EMAIL, "--password-stdin", "--data", &at]);
    let mut child = create.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a long passphrase 42\n").unwrap();
    assert!(child.wait().unwrap().success());
    let say = |words: &[&str]| run(&[words, &["--data", &at, "--json"]].concat());
    let create = |name: &str| {
        json(&say(&[
            "key",
            "create",
            "--email",
            EMAIL,
            "--name",
            name,
            "--permission",
            "status:read",
            "--days",
            "9",
        ]))
    };

    let server = Server::start(place.path().join("data").as_path(), &["--dev"]);
    let key = create("robot");
    let text = key["api_key"].as_str().unwrap();
    let me = server.ask("GET", "/api/v1/auth/me", &[("x-api-key", text)], "").unwrap();
    assert!(me.starts_with("HTTP/1.1 200"), "{me}");
    let form = format!("username={EMAIL}&password=a+long+passphrase+42");
    let typed = [("content-type", "application/x-www-form-urlencoded")];
    let pair = server.ask("POST", "/api/v1/auth/token", &typed, &form).unwrap();
    assert!(pair.starts_with("HTTP/1.1 200"), "{pair}");

    let listed = say(&["key", "list"]);
    assert!(listed.err.contains("Asked the running server"), "{}", listed.err);
    assert_eq!(json(&listed)["items"][0]["api_key"], Value::Null, "only the answer that made it has it");
    let gone = json(&say(&["key", "revoke", key["prefix"].as_str().unwrap()]));
    assert!(gone["revoked_at"].is_string());
    let me = server.ask("GET", "/api/v1/auth/me", &[("x-api-key", text)], "").unwrap();
    assert!(me.starts_with("HTTP/1.1 401"), "{me}");
    let signing = json(&say(&["key", "rotate-signing", "--now"]));
    assert_eq!(signing["old_tokens_refused"], true);
    let session =
        json(&say(&["session", "list", "--email", EMAIL]))["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(json(&say(&["session", "revoke", &session]))["status"], "ended");
    server.stop();

    // Alone the same database says the same.
    let alone = say(&["session", "list", "--email", EMAIL]);
    assert!(alone.err.contains("No server runs"), "{}", alone.err);
    assert!(json(&alone)["items"][0]["revoked_at"].is_string());
    assert_eq!(json(&say(&["session", "revoke", "--email", EMAIL]))["revoked_count"], 0);
    let second = create("second");
    assert!(json(&say(&["key", "revoke", second["id"].as_str().unwrap()]))["revoked_at"].is_string());
    assert_eq!(say(&["key", "revoke", "nothing"]).code, 4);
    assert_eq!(say(&["session", "list", "--email", "nobody@example.test"]).code, 4);
    let beyond = ["key", "create", "--email", EMAIL, "--name", "x", "--permission", "no:such"];
    assert_ne!(say(&beyond).code, 0);
}
