//! `mainstay session`: who is signed in where, and the end of it.

use serde_json::Value;

use super::jobs::{plain, table_of, text};
use super::{Exit, Failed, Global, Out, order};
use crate::orders::{Order, SessionOrder};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Session {
    /// The newest sessions of a person, 200 at most, ended ones too.
    List(List),
    /// End one session, or all of a person.
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The address of the person.
    #[arg(long)]
    email: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The session's id.
    #[arg(required_unless_present = "email", conflicts_with = "email")]
    id: Option<String>,
    /// All sessions of the person with this address.
    #[arg(long)]
    email: Option<String>,
}

pub(crate) fn run(command: Session, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let order = match command {
        Session::List(List { email }) => SessionOrder::List { email },
        Session::Revoke(Revoke { email: Some(email), .. }) => SessionOrder::RevokeAll { email },
        Session::Revoke(Revoke { id, email: None }) => SessionOrder::Revoke { id: id.unwrap_or_default() },
    };
    let done = order::carry_out(Order::Session(order), global, out)?;
    let words = match (&done["items"], done["revoked_count"].as_u64()) {
        (Value::Array(_), _) => list(&done),
        (_, Some(count)) => format!("{count} sessions are ended"),
        _ => format!("{} is ended", text(&done, "id")),
    };
    out.result(&words, &done);
    Ok(Exit::Ok)
}

fn list(done: &Value) -> String {
    let head = ["ID", "DEVICE", "ADDRESS", "KIND", "LAST USED", "STATE"];
    let rows = done["items"].as_array().into_iter().flatten().map(|session| {
        let state = if session["revoked_at"].is_string() { "ended" } else { "" };
        [
            text(session, "id").to_owned(),
            plain(text(session, "device")),
            text(session, "ip").to_owned(),
            text(session, "kind").to_owned(),
            text(session, "last_used_at").chars().take(19).collect(),
            state.to_owned(),
        ]
    });
    table_of(head, rows, "No sessions.")
}
