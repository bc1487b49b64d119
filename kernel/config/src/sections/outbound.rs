//! What the server may reach, and how long it waits for it.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::{at_least_one, not_zero};
use crate::ByteSize;

crate::section! {
    /// Connections that this server opens to others over HTTP: webhooks, sign-in providers, storage.
    pub struct Outbound as "outbound" {
        /// Networks inside your own walls that may be reached. Without them only public addresses are. It stands in the file and
        /// not among the settings that change at run time: it decides what those who may only use the console can reach.
        #[check(not_everything)]
        allow: Vec<IpNet> = [],
        /// Ports that may be reached although they belong to another protocol (mail, databases, remote shells).
        allow_ports: Vec<u16> = [],
        /// A PEM file with certificates of authorities that are trusted beside those of the system.
        ca_file: Option<PathBuf> = none,
        /// The longest wait for a connection: looking the name up, connecting and the TLS handshake.
        #[runtime] #[check(not_zero)]
        connect_timeout: Duration = "5s",
        /// The longest a request may take with everything: waiting for its turn, every attempt, redirects, the whole answer.
        /// A feature may ask for another limit of its own.
        #[runtime] #[check(not_zero)]
        timeout: Duration = "15s",
        /// The largest body of an answer, unless a feature asks for another limit.
        #[runtime]
        body_limit: ByteSize = "1 MiB",
        /// The largest head of an answer.
        #[check(a_head)]
        header_limit: ByteSize = "32 KiB",
        /// Requests at a time, all together.
        #[check(at_least_one)]
        concurrency: u32 = 256,
        /// Requests at a time to one host and port.
        #[check(at_least_one)]
        per_host: u32 = 32,
        /// Requests at a time on behalf of one workspace or feature.
        #[check(at_least_one)]
        per_lane: u32 = 16,
        /// Retries, in percent of the requests to a host. Beyond that a failure is final.
        #[runtime] #[check(a_share)]
        retry_percent: u32 = 10,
        /// Failures in a row after which a host is left alone for a while.
        #[runtime] #[check(at_least_one)]
        failures: u32 = 5,
        /// How long a host is left alone at first; the time doubles up to twelve times that.
        #[runtime] #[check(not_zero)]
        rest: Duration = "5s",
        /// The longest that a host's `Retry-After` is obeyed.
        #[runtime]
        longest_retry_after: Duration = "5m",
    }
}

fn not_everything(networks: &[IpNet]) -> Result<(), String> {
    if networks.iter().any(|net| net.prefix_len() == 0) {
        return Err("allows every address, this server's own included; name your networks".to_owned());
    }
    Ok(())
}

fn a_head(size: &ByteSize) -> Result<(), String> {
    if (8192..=1 << 20).contains(&size.0) { Ok(()) } else { Err("must be from 8 KiB to 1 MiB".to_owned()) }
}

fn a_share(percent: &u32) -> Result<(), String> {
    if *percent <= 100 { Ok(()) } else { Err("must be from 0 to 100".to_owned()) }
}
