//! `mainstay workspace`: workspaces from the machine.

use identity::workspace_control::Act;
use serde_json::Value;

use super::{Exit, Failed, Global, Out, order};
use crate::orders::Order;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Workspace {
    /// Every workspace by slug, 200 at most.
    List,
    /// A workspace with its limits, by id or slug.
    Show { workspace: String },
    /// Make a workspace that somebody who has an account owns.
    Create(Create),
    /// Let nobody in and nothing run, until it is resumed.
    Suspend { workspace: String },
    /// Let people into a suspended workspace again.
    Resume { workspace: String },
    /// Let it be read, and nothing in it be changed.
    Archive { workspace: String },
    /// Take back that it was deleted, or else that it was archived.
    Restore { workspace: String },
    /// Let nobody in, and forget all of it after `identity.workspace_grace`.
    Delete(Delete),
    /// How much it may have, and has.
    Limits(Limits),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    name: String,
    /// How addresses and headers may call it; made of the name without it.
    #[arg(long)]
    slug: Option<String>,
    /// The address of the owner's account.
    #[arg(long, value_name = "EMAIL")]
    owner: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    workspace: String,
    /// Without it nothing is done.
    #[arg(long, required = true)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Limits {
    workspace: String,
    /// Set a limit first: `members=50`, or `members=default` to leave it to the settings.
    #[arg(long, value_name = "NAME=NUMBER", value_parser = setting)]
    set: Option<(String, Option<u32>)>,
}

fn setting(text: &str) -> Result<(String, Option<u32>), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=NUMBER")?;
    match value {
        "default" => Ok((name.to_owned(), None)),
        number => number
            .parse()
            .map(|number| (name.to_owned(), Some(number)))
            .map_err(|_| "write a number, or `default`".to_owned()),
    }
}

pub(crate) fn run(command: Workspace, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let act = |name: String, act: Act| Order::WorkspaceAct { name, act };
    let order = match command {
        Workspace::List => Order::WorkspaceList,
        Workspace::Show { workspace } => Order::WorkspaceShow { name: workspace },
        Workspace::Create(args) => {
            Order::WorkspaceCreate { name: args.name, slug: args.slug, owner: args.owner }
        }
        Workspace::Suspend { workspace } => act(workspace, Act::Suspend),
        Workspace::Resume { workspace } => act(workspace, Act::Resume),
        Workspace::Archive { workspace } => act(workspace, Act::Archive),
        Workspace::Restore { workspace } => act(workspace, Act::Restore),
        Workspace::Delete(args) => act(args.workspace, Act::Delete),
        Workspace::Limits(args) => Order::WorkspaceLimits { name: args.workspace, set: args.set },
    };
    let done = order::carry_out(order, global, out)?;
    let text = match done["items"].as_array() {
        Some(items) => items.iter().map(line).collect::<Vec<_>>().join("\n"),
        None => sheet(&done),
    };
    out.result(if text.is_empty() { "No workspaces." } else { &text }, &done);
    Ok(Exit::Ok)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn line(workspace: &Value) -> String {
    let [id, state, slug, name] = ["id", "state", "slug", "name"].map(|part| text(workspace, part));
    // Names are what people typed: shown, and nothing to a terminal.
    let name: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("{id}  {state:<9}  {slug:<24}  {name}")
}

/// What there is of the workspace, and its limits if they came along.
fn sheet(done: &Value) -> String {
    let mut lines = Vec::new();
    if done["name"].is_string() {
        lines.push(line(done));
        let at = done["delete_at"].as_str().map(|at| format!("everything in it is forgotten at {at}"));
        lines.extend(at);
    }
    for limit in done["limits"].as_array().into_iter().flatten() {
        let number =
            |name: &str| limit[name].as_i64().map_or_else(|| "-".to_owned(), |number| number.to_string());
        let own = if limit["own"] == true { "  (set for this workspace)" } else { "" };
        let (name, used, most) = (text(limit, "name"), number("used"), number("limit"));
        lines.push(format!("{name:<20} {used:>8} of {most}{own}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_is_a_name_and_a_number() {
        assert_eq!(setting("members=50"), Ok(("members".to_owned(), Some(50))));
        assert_eq!(setting("members=default"), Ok(("members".to_owned(), None)));
        for bad in ["members", "members=", "members=-1", "members=many"] {
            assert!(setting(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_does_nothing_to_the_terminal() {
        let shown = line(&json!({"id": "wsp_1", "state": "active", "slug": "a", "name": "x\u{1b}[2Jy"}));
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
