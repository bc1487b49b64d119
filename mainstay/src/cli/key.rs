//! `mainstay key`: API keys, and the keys that sign access tokens.

use identity::control::NewKey;
use serde_json::Value;

use super::jobs::{plain, table_of, text};
use super::{Exit, Failed, Global, Out, order};
use crate::orders::{KeyOrder, Order};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Key {
    /// The newest API keys, 200 at most.
    List(List),
    /// Make an API key for a person. Its text is printed this once.
    Create(Create),
    /// Revoke an API key, by its id or its prefix.
    Revoke { key: String },
    /// Put a new key in the place of the one that signs access tokens, after it has been published for ten minutes.
    RotateSigning(RotateSigning),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only keys of this workspace, by id or slug.
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The address of whoever the key is for. It never may more than they.
    #[arg(long)]
    email: String,
    /// What it is for.
    #[arg(long)]
    name: String,
    /// A permission it has; once for each.
    #[arg(long = "permission", value_name = "PERMISSION", required = true)]
    permissions: Vec<String>,
    /// The workspace it works in, by id or slug; without it, where the person is at home.
    #[arg(long, value_name = "NAME", conflicts_with = "all_workspaces")]
    workspace: Option<String>,
    /// Days until it expires; without it, never.
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,
    /// Make a key of the operator's, which works in every workspace that a request names.
    #[arg(long)]
    all_workspaces: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateSigning {
    /// Sign with it at once, and refuse what the old keys signed: when somebody may have got hold of one.
    #[arg(long)]
    now: bool,
}

pub(crate) fn run(command: Key, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let order = match command {
        Key::List(List { workspace }) => KeyOrder::List { workspace },
        Key::Create(new) => KeyOrder::Create {
            new: NewKey {
                email: new.email,
                workspace: new.workspace,
                name: new.name,
                permissions: new.permissions,
                expires_in_days: new.days,
                all_workspaces: new.all_workspaces,
            },
        },
        Key::Revoke { key } => KeyOrder::Revoke { which: key },
        Key::RotateSigning(RotateSigning { now }) => KeyOrder::RotateSigning { at_once: now },
    };
    let done = order::carry_out(Order::Key(order), global, out)?;
    out.result(&words(&done), &done);
    Ok(Exit::Ok)
}

fn words(done: &Value) -> String {
    if done["items"].is_array() {
        return list(done);
    }
    if let Some(text) = done["api_key"].as_str() {
        return text.to_owned();
    }
    match done["signs_from"].as_str() {
        Some(from) => format!("{} signs from {from} on", text(done, "id")),
        None => format!("{} ({}) is revoked", text(done, "id"), text(done, "prefix")),
    }
}

fn list(done: &Value) -> String {
    let head = ["ID", "PREFIX", "NAME", "WORKSPACE", "LAST USED", "STATE"];
    let rows = done["items"].as_array().into_iter().flatten().map(|key| {
        let state = if key["revoked_at"].is_string() { "revoked" } else { "" };
        let at = |name| text(key, name).chars().take(19).collect::<String>();
        [
            text(key, "id").to_owned(),
            text(key, "prefix").to_owned(),
            plain(text(key, "name")),
            text(key, "workspace_id").to_owned(),
            at("last_used_at"),
            state.to_owned(),
        ]
    });
    table_of(head, rows, "No keys.")
}
