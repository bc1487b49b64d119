//! How many may listen, what each of them may ask for, how long the audit remembers, and how others are told.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "`section!` hands a reference whatever the type is")]

use std::time::Duration;

config::section! {
    /// Who is told live what happens.
    pub struct ActivitySettings as "activity" {
        /// Live streams and sockets that one caller may have open at once on one node.
        #[runtime] #[check(at_least_one)]
        streams_per_caller: u32 = 16,
        /// Live streams and sockets that may be open at once on one node.
        #[runtime] #[check(at_least_one)]
        streams: u32 = 20_000,
        /// Topics that one socket may follow.
        #[runtime] #[check(at_least_one)]
        topics: u32 = 100,
        /// Messages a second that one socket may send; twice as many may come at once.
        #[runtime] #[check(at_least_one)]
        messages_per_second: u32 = 20,
        /// How often a socket says that it lives, and has to hear that the client does; two may be missed.
        #[runtime] #[check(a_heartbeat)]
        heartbeat: Duration = "15s",
    }
}

config::section! {
    /// Who did what, when and from where.
    pub struct AuditSettings as "audit" {
        /// How long sign-ins, refusals, changes of rights, settings and webhooks are kept, beyond `journal.keep`. Timelines hold
        /// them as long; the change feed does not.
        #[runtime] #[check(config::sections::not_zero)]
        keep: Duration = "400d",
        /// How long it is kept from which address, and with which client, something was asked for: these are personal data.
        #[runtime] #[check(config::sections::not_zero)]
        keep_addresses: Duration = "90d",
    }
}

config::section! {
    /// Servers of others that are told what happens.
    pub struct WebhookSettings as "webhooks" {
        /// Webhooks that one workspace may have.
        #[runtime] #[check(at_least_one)]
        per_workspace: u32 = 20,
        /// How long one attempt may take with everything, from 1s to 60s.
        #[runtime] #[check(an_attempt)]
        timeout: Duration = "15s",
        /// A webhook that has failed for so long is switched off, and the owners of its workspace are written to.
        #[runtime] #[check(config::sections::not_zero)]
        switch_off_after: Duration = "5d",
        /// How long it is kept what was sent and answered.
        #[runtime] #[check(config::sections::not_zero)]
        keep: Duration = "14d",
    }
}

fn an_attempt(span: &Duration) -> Result<(), String> {
    if (1..=60).contains(&span.as_secs()) { Ok(()) } else { Err("must be from 1s to 60s".to_owned()) }
}

fn at_least_one(number: &u32) -> Result<(), String> {
    if *number == 0 { Err("must be 1 or more".to_owned()) } else { Ok(()) }
}

fn a_heartbeat(span: &Duration) -> Result<(), String> {
    let whole = span.subsec_nanos() == 0;
    if whole && (1..=60).contains(&span.as_secs()) {
        Ok(())
    } else {
        Err("must be whole seconds, from 1s to 60s".to_owned())
    }
}
