//! PocketBase as a Go program of one line, with a collection whose rules ask for a signed-in user. It writes the row only: it
//! has no journal and keeps no replies.

use std::process::{Command, Stdio};

use serde_json::json;

use super::{Target, local, log_in, post};
use crate::place::Place;
use crate::process::{Server, output};

const EMAIL: &str = "owner@example.test";
const PASSWORD: &str = "a long passphrase 42";

pub fn pocketbase(place: &Place) -> Option<Target> {
    let binary = place.pocketbase.as_ref()?;
    let folder = place.folder("pocketbase");
    let (address, log, data) = (local(), log_in(&folder), folder.join("data"));
    output(
        Command::new(binary)
            .args(["superuser", "upsert", EMAIL, PASSWORD, "--dir"])
            .arg(&data)
            .stderr(Stdio::null()),
    );
    let mut command = Command::new(binary);
    command.arg("serve").arg(format!("--http={address}")).arg("--dir").arg(&data);
    let mut server = Server::start(&mut command, &log);
    server.listens(address, &log);
    let call = |path: &str, token: Option<&str>, body: serde_json::Value| {
        post(address, path, "application/json", token, body.to_string())
    };
    let signed_in = |collection: &str| {
        let path = format!("/api/collections/{collection}/auth-with-password");
        call(&path, None, json!({"identity": EMAIL, "password": PASSWORD}))["token"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let owner = signed_in("_superusers");
    let text = |name: &str| json!({"name": name, "type": "text", "required": true});
    let signed = "@request.auth.id != ''";
    call(
        "/api/collections",
        Some(&owner),
        json!({
            "name": "events", "type": "base", "createRule": signed, "viewRule": signed,
            "fields": [text("service_id"), text("status"), text("description"), {"name": "created_at", "type": "autodate", "onCreate": true}],
        }),
    );
    call(
        "/api/collections/users/records",
        Some(&owner),
        json!({"email": EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD}),
    );
    let token = signed_in("users");
    Some(Target {
        name: "PocketBase".into(),
        durability: "NORMAL".into(),
        address,
        path: "/api/collections/events/records".into(),
        headers: vec![("authorization", token)],
        keyed: false,
        pids: vec![server.pid()],
        _server: server,
    })
}
