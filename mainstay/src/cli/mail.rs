//! `mainstay mail`.

use super::{Exit, Failed, Global, Out, order};
use crate::orders::Order;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Mail {
    /// Send a test mail now and say what the mail server answers. Ends with 2 when it refuses the mail for good, and with 8
    /// when it could not be handed over.
    Test {
        /// Who gets it.
        address: String,
    },
}

pub(crate) fn run(command: Mail, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let Mail::Test { address } = command;
    let done = order::carry_out(Order::MailTest { to: address }, global, out)?;
    let text = |name: &str| done[name].as_str().map(str::to_owned);
    let to = text("to").unwrap_or_default();
    let line = match (text("page"), text("answer")) {
        (Some(page), _) => format!("No mail server is set: the mail to {to} is shown at {page}"),
        (None, answer) => {
            let answer = answer.unwrap_or_default();
            format!("The mail server took the mail to {to}: {answer}")
        }
    };
    out.result(&line, &done);
    Ok(Exit::Ok)
}
