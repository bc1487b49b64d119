//! `mainstay setup-link` and `mainstay admin`.

use std::io::Read as _;
use std::time::Duration;

use super::{Exit, Failed, Global, Out, order, words};
use crate::orders::Order;

#[derive(Debug, clap::Args)]
pub(crate) struct SetupLink {
    /// How long the link works.
    #[arg(long, value_name = "SPAN", default_value = "30m", value_parser = words::span)]
    ttl: Duration,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Admin {
    /// Make an administrator and a workspace of theirs. On an empty data folder this makes everything that is missing.
    Create(Create),
    /// Take all second factors off somebody who lost them: the authenticator app, passkeys, recovery codes. Their sessions
    /// end; the password stays.
    OtpOff(OtpOff),
}

#[derive(Debug, clap::Args)]
pub(crate) struct OtpOff {
    /// The address they sign in with.
    #[arg(value_name = "ADDRESS")]
    email: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The address they sign in with.
    #[arg(long)]
    email: String,
    /// Read the password from standard input. There is no flag with the password itself: others can read command lines.
    #[arg(long, required = true)]
    password_stdin: bool,
    /// The workspace they own.
    #[arg(long, value_name = "NAME", default_value = "Main")]
    workspace: String,
}

pub(crate) fn setup_link(args: &SetupLink, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let done = order::carry_out(Order::SetupLink { ttl_seconds: args.ttl.as_secs() }, global, out)?;
    out.detail(&format!("It works until {}.", done["expires_at"].as_str().unwrap_or_default()));
    out.result(done["link"].as_str().unwrap_or_default(), &done);
    Ok(Exit::Ok)
}

pub(crate) fn run(command: Admin, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let args = match command {
        Admin::Create(args) => args,
        Admin::OtpOff(args) => return otp_off(args, global, out),
    };
    let order = Order::AdminCreate { email: args.email, password: password()?, workspace: args.workspace };
    let done = order::carry_out(order, global, out)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let line = format!(
        "{} administers this installation (workspace {})",
        text(&done["email"]),
        text(&done["workspace"]["slug"])
    );
    out.result(&line, &done);
    Ok(Exit::Ok)
}

fn otp_off(args: OtpOff, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let done = order::carry_out(Order::OtpOff { email: args.email }, global, out)?;
    let email = done["email"].as_str().unwrap_or_default();
    let line = if done["had_any"] == true {
        format!("{email} signs in with the password alone; {} sessions ended", done["sessions_ended"])
    } else {
        format!("{email} had no second factor; {} sessions ended", done["sessions_ended"])
    };
    out.result(&line, &done);
    Ok(Exit::Ok)
}

/// The first line of standard input.
pub(super) fn password() -> Result<String, Failed> {
    let unreadable = |why: &str| {
        let next = "Pipe the password in, for example: `mainstay admin create --email E --password-stdin < password-file`.";
        Failed::new(Exit::Usage, "no_password", "no password came in on standard input", next).why(why)
    };
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|_| unreadable("it is not UTF-8 text"))?;
    match text.split(['\n', '\r']).next().unwrap_or_default() {
        "" => Err(unreadable("it is empty")),
        password => Ok(password.to_owned()),
    }
}
