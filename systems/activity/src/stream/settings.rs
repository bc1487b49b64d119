//! How many may listen.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "`section!` hands a reference whatever the type is")]

config::section! {
    /// Who is told live what happens.
    pub struct ActivitySettings as "activity" {
        /// Streams that one caller may have open at once on one node.
        #[runtime] #[check(at_least_one)]
        streams_per_caller: u32 = 16,
        /// Streams that may be open at once on one node.
        #[runtime] #[check(at_least_one)]
        streams: u32 = 20_000,
    }
}

fn at_least_one(number: &u32) -> Result<(), String> {
    if *number == 0 { Err("must be 1 or more".to_owned()) } else { Ok(()) }
}
