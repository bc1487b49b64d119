//! `mainstay user`, with a running server and alone.

use serde_json::Value;

use crate::process::{Server, folder, run};

#[test]
fn people_are_made_shown_kept_out_and_sent_away_with_and_without_a_server() {
    let place = folder();
    let data = place.path().join("data");
    let at = data.to_str().unwrap().to_owned();
    let user = |arguments: &[&str]| {
        let all: Vec<&str> = ["user"].iter().chain(arguments).chain(&["--data", &at]).copied().collect();
        run(&all)
    };
    let json = |arguments: &[&str]| -> Value {
        let ran = user(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {} {}", ran.out, ran.err);
        serde_json::from_str(&ran.out).unwrap()
    };
    let server = Server::start(&data, &["--dev"]);
    let made = user(&["create", "--email", "ada@example.test", "--name", "Ada", "--workspace", "Main"]);
    assert!(made.code == 0 && made.out.contains("/reset-password#"), "{} {}", made.out, made.err);
    assert!(made.err.contains("Asked the running server"), "{}", made.err);
    assert_eq!(user(&["create", "--email", "ada@example.test"]).code, 5, "the address is taken");
    assert_eq!(user(&["create", "--email", "no address"]).code, 2);
    assert_eq!(
        user(&["create", "--email", "b@example.test", "--workspace", "Main", "--role", "king"]).code,
        2
    );
    let shown = json(&["show", "Ada@Example.test"]);
    assert_eq!((&shown["name"], &shown["memberships"][0]["workspace"]), (&"Ada".into(), &"main".into()));
    let id = shown["id"].as_str().unwrap().to_owned();
    assert_eq!(json(&["disable", &id])["status"], "deactivated");
    assert_eq!(user(&["reset-link", &id]).code, 5, "who is kept out gets no link");
    assert_eq!(json(&["enable", &id])["status"], "active");
    assert_eq!(user(&["show", "nobody@example.test"]).code, 4);
    server.stop();
    // Alone the same database says the same.
    let link = user(&["reset-link", "ada@example.test"]);
    assert!(link.code == 0 && link.out.trim().starts_with("http://"), "{} {}", link.out, link.err);
    assert!(link.err.contains("opening the data directly"), "{}", link.err);
    assert_eq!(user(&["delete", &id]).code, 5, "nobody else owns the workspace");
    let made = json(&["create", "--email", "eve@example.test"]);
    let eve = made["id"].as_str().unwrap();
    assert!(made["reset_link"]["link"].is_string(), "{made}");
    assert_eq!(json(&["delete", eve])["status"], "leaving");
    assert_eq!(json(&["enable", eve])["deletes_at"], Value::Null);
    assert_eq!(json(&["delete", eve, "--now"])["status"], "deleted");
    assert_eq!(user(&["show", "eve@example.test"]).code, 4);
    let all = json(&["list", "--status", "deleted"]);
    assert_eq!((&all["items"][0]["id"], &all["items"][0]["email"]), (&eve.into(), &Value::Null));
    let table = user(&["list"]);
    assert!(table.out.contains("STATUS") && table.out.contains("ada@example.test"), "{}", table.out);
}
