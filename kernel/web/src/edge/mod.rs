//! Everything between a socket and the router: listening, and what is done for every request before and after
//! its handler.
//!
//! Owns connections, request ids, client addresses, limits, headers, access log, request metrics, aliases and
//! probes. Refuses to know `App`, sign-in, workspaces and every system: it is handed [`Options`], a
//! `Router` and closures, and is tested with a router of its own.

mod alias;
mod body;
mod caching;
mod client;
mod connection;
mod cors;
mod csrf;
mod figures;
mod framing;
mod ids;
mod io;
mod limits;
mod measure;
mod pipeline;
mod probes;
mod readiness;
mod redact;
mod render;
mod report;
mod security;
mod serve;

use std::time::Duration;

use ipnet::IpNet;
use types::Clock;

pub use alias::{Aliases, BadAlias};
pub use client::{ClientAddr, ForwardedHeader, Peer};
pub(crate) use cors::{allow_page, answer as preflight_answer, not_allowed as origin_not_allowed};
pub use csrf::check as check_cross_site;
pub use limits::Limits;
pub use measure::METRICS;
pub use pipeline::Edge;
pub use probes::{MetricsDoor, Probes};
pub use readiness::{Check, CheckState};
pub use report::{__path_create_security_report, SecurityReportOut, create_security_report};
pub use security::{page_policy, page_policy_header};
pub use serve::{ConnectionLimits, Served, Spawn, serve};

/// What the layers need to know. May be replaced at run time: [`Edge::set_options`].
#[derive(Clone, Debug)]
pub struct Options {
    pub clock: Clock,
    /// Where callers reach this installation, without a path. `https` turns HSTS on.
    pub public_url: String,
    /// Whose word about the caller's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The one header those proxies write. The other is never read: a proxy passes on what it does not know.
    pub forwarded_header: ForwardedHeader,
    /// Origins of other sites whose scripts may call with credentials. Compared whole.
    pub cors_origins: Vec<String>,
    /// Old addresses.
    pub aliases: Aliases,
    /// How long until a response must have begun.
    pub deadline: Duration,
    /// Bytes of a body, unless the route says otherwise through [`Limits`].
    pub body_limit: u64,
    /// How long a body may stand still while it is sent.
    pub body_stall: Duration,
    /// Bytes of all names and values of headers, and of the address.
    pub header_bytes: usize,
    /// How many headers.
    pub header_count: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            public_url: "http://127.0.0.1".into(),
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            cors_origins: Vec::new(),
            aliases: Aliases::default(),
            deadline: Duration::from_secs(10),
            body_limit: 1024 * 1024,
            body_stall: Duration::from_secs(30),
            header_bytes: 16 * 1024,
            header_count: 64,
        }
    }
}
