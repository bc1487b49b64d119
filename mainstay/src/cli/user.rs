//! `mainstay user`: people, from the machine.

use serde_json::Value;

use super::jobs::plain;
use super::{Exit, Failed, Global, Out, admin, order};
use crate::orders::{Order, UserOrder};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum User {
    /// The newest people, 200 at most.
    List(List),
    /// A person, and where they belong.
    Show { who: String },
    /// Make a person. Without a password a link is printed that sets one.
    Create(Create),
    /// Keep a person out: every session ends, API keys stop.
    Disable { who: String },
    /// Let a person in again, and keep their account if it was about to be deleted.
    Enable { who: String },
    /// Print a link that sets a new password, for where there is no mail.
    ResetLink { who: String },
    /// Delete an account after the grace time; the person is told by mail and can keep it.
    Delete(Delete),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// active, deactivated, leaving or deleted.
    #[arg(long)]
    status: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The address they sign in with.
    #[arg(long)]
    email: String,
    /// What others see; without it, what stands before the @.
    #[arg(long)]
    name: Option<String>,
    /// The workspace they belong to; it is made if it is not there, and then they own it.
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// What they are there; member if it is not said.
    #[arg(long, requires = "workspace")]
    role: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    who: String,
    /// At once, and for good.
    #[arg(long)]
    now: bool,
}

pub(crate) fn run(command: User, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let asked = match command {
        User::List(List { status }) => UserOrder::List { status },
        User::Show { who } => UserOrder::Show { who },
        User::Create(Create { email, name, workspace, role, password_stdin }) => {
            let password = if password_stdin { Some(admin::password()?) } else { None };
            UserOrder::Create { email, name, password, workspace, role }
        }
        User::Disable { who } => UserOrder::Disable { who },
        User::Enable { who } => UserOrder::Enable { who },
        User::ResetLink { who } => UserOrder::ResetLink { who },
        User::Delete(Delete { who, now }) => UserOrder::Delete { who, now },
    };
    let say = match &asked {
        UserOrder::List { .. } => table,
        UserOrder::Show { .. } => sheet,
        UserOrder::ResetLink { .. } => link,
        _ => line,
    };
    let done = order::carry_out(Order::User(asked), global, out)?;
    for made in [&done, &done["reset_link"]] {
        if let Some(at) = made["expires_at"].as_str() {
            out.detail(&format!("The link works once, until {at}."));
        }
    }
    out.result(&say(&done), &done);
    Ok(Exit::Ok)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// One person in a line; the link that was made with them in the next.
fn line(person: &Value) -> String {
    let mut said =
        format!("{} {} is {}", text(person, "id"), plain(text(person, "email")), text(person, "status"));
    if let Some(at) = person["deletes_at"].as_str() {
        said = format!("{said} and will be deleted at {at}");
    }
    match person["reset_link"]["link"].as_str() {
        Some(link) => format!("{said}\n{link}"),
        None => said,
    }
}

fn link(made: &Value) -> String {
    text(made, "link").to_owned()
}

fn sheet(person: &Value) -> String {
    let names = ["id", "email", "name", "status", "created_at", "deletes_at"];
    let there = names.iter().filter_map(|name| Some((name, person[*name].as_str()?)));
    let mut lines: Vec<_> = there.map(|(name, value)| format!("{name:<11} {}", plain(value))).collect();
    for one in person["memberships"].as_array().into_iter().flatten() {
        lines.push(format!("{:<11} {} ({})", "workspace", text(one, "workspace"), text(one, "role")));
    }
    lines.join("\n")
}

fn table(done: &Value) -> String {
    let people = done["items"].as_array().cloned().unwrap_or_default();
    if people.is_empty() {
        return "Nobody.".to_owned();
    }
    let row = |person: &Value| {
        let email = plain(text(person, "email"));
        format!(
            "{:<30}  {:<11}  {:<32}  {}",
            text(person, "id"),
            text(person, "status"),
            email,
            plain(text(person, "name"))
        )
    };
    let head = format!("{:<30}  {:<11}  {:<32}  {}", "ID", "STATUS", "EMAIL", "NAME");
    std::iter::once(head)
        .chain(people.iter().map(row))
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}
