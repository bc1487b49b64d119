//! Orders of an operator: to the server that holds the data folder, or, when none runs, done right here.

use config::sections::General;
use serde_json::Value;

use super::fail::next_step;
use super::{Exit, Failed, Global, Out, serve};
use crate::control::{Reached, ask};
use crate::orders::{self, Order};
use crate::startup::{Purpose, load_settings};

pub(crate) fn carry_out(order: Order, global: &Global, out: &Out) -> Result<Value, Failed> {
    let flags = serve::flags(global);
    let settings = load_settings(global.config.clone(), flags.clone()).map_err(super::config::failed)?;
    let folder = settings.get::<General>().data.clone();
    let reached = ask(&folder, &order).map_err(|error| {
        let what = "the running server could not be asked";
        let next = "Run the command as the user that the server runs as.";
        let exit = if error.kind() == std::io::ErrorKind::PermissionDenied {
            Exit::Permission
        } else {
            Exit::Unreachable
        };
        Failed::new(exit, "control_socket_failed", what, next).why(error)
    })?;
    match reached {
        Reached::Done(value) => {
            out.progress("Asked the running server.");
            Ok(value)
        }
        Reached::Refused { code, message, kind, why } => {
            out.progress("Asked the running server.");
            let mut failed = Failed::new(Exit::of(kind), &code, message, next_step(kind));
            failed.why = why;
            Err(failed)
        }
        Reached::Nobody => {
            out.progress("No server runs on this data folder: opening the data directly.");
            let wanted = serve::wanted(Purpose::Command, flags, global, out);
            serve::runtime()?.block_on(serve::awake(wanted, async |house| {
                let base = orders::base_url(house.settings(), None);
                // The page of development belongs to a server that runs.
                if matches!(order, Order::MailTest { .. }) && house.app().mailer().shows() {
                    return Err(mail::not_configured().into());
                }
                Ok(orders::perform(house.app(), &base, order).await?)
            }))
        }
    }
}
