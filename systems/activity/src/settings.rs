//! How many may listen, and what each of them may ask for.

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
