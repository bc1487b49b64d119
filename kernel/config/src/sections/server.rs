//! The listener and what it accepts.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::{General, at_least_one, not_zero};
use crate::{ByteSize, Mistake, Secret, ServiceUrl, Settings};

/// Shorter secrets can be guessed.
const LEAST_SECRET: usize = 32;

crate::section! {
    /// The HTTP listener, and what it accepts.
    pub struct Server as "server" {
        /// Address and port to listen on.
        listen: SocketAddr = "127.0.0.1:8080",
        /// The address people use, for links and signed URLs. Without it, the listen address.
        #[check(public)]
        public_url: Option<ServiceUrl> = none,
        /// The secret of the installation, 32 bytes or more, from which every key is derived. When it is empty, a file with
        /// one is made in the data folder.
        secret: Secret = "",
        /// Networks of the proxies in front, whose forwarding headers are believed. Nobody else's are.
        #[check(not_everyone)]
        trusted_proxies: Vec<IpNet> = [],
        /// A listener of its own for /metrics. Without it /metrics answers on the main one, to the token or to a loopback peer.
        metrics_listen: Option<SocketAddr> = none,
        /// The bearer token that may read /metrics from elsewhere.
        metrics_token: Secret = "",
        /// The longest a request may take.
        #[runtime] #[check(not_zero)]
        request_deadline: Duration = "10s",
        /// The largest JSON body.
        #[runtime] #[check(a_body)]
        json_limit: ByteSize = "1 MiB",
        /// Connections at a time; whoever comes beyond them is answered 503 until one ends. Fewer where the limit of open files
        /// (`ulimit -n`) leaves no room for them.
        #[check(at_least_one)]
        max_connections: u32 = 10_000,
        /// All request headers together.
        header_limit: ByteSize = "32 KiB",
        /// How many request headers.
        #[check(at_least_one)]
        header_count: u32 = 100,
        /// The longest wait for the headers of a request.
        #[check(not_zero)]
        header_deadline: Duration = "10s",
        /// How long a stopping server waits for what is in flight.
        drain: Duration = "30s",
    }
    check = production;
}

impl Server {
    /// Where people reach this installation, without a slash at the end: what links begin with. Never made from anything that
    /// a request says. Without `public_url` it is the address listened on, `listening` when the port was chosen at the start.
    pub fn public_address(&self, listening: Option<SocketAddr>) -> String {
        if let Some(url) = &self.public_url {
            return url.expose().trim_end_matches('/').to_owned();
        }
        let mut at = listening.unwrap_or(self.listen);
        // Nobody can visit "every address of this machine".
        if at.ip().is_unspecified() {
            at.set_ip(if at.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        format!("http://{at}")
    }
}

fn public(url: &Option<ServiceUrl>) -> Result<(), String> {
    let Some(url) = url else { return Ok(()) };
    let plain = matches!(url.scheme(), "http" | "https")
        && !url.host().is_empty()
        && !url.has_user()
        && matches!(url.path(), "" | "/")
        && !url.expose().contains(['?', '#']);
    if plain {
        Ok(())
    } else {
        Err("expected scheme, host and port only, for example \"https://mainstay.example\"".to_owned())
    }
}

fn not_everyone(networks: &[IpNet]) -> Result<(), String> {
    if networks.iter().any(|net| net.prefix_len() == 0) {
        return Err(
            "trusts the whole internet: anyone could choose their own address; name the proxies".to_owned()
        );
    }
    Ok(())
}

fn a_body(size: &ByteSize) -> Result<(), String> {
    if (1024..=64 << 20).contains(&size.0) { Ok(()) } else { Err("must be from 1 KiB to 64 MiB".to_owned()) }
}

fn production(settings: &Settings) -> Vec<Mistake> {
    if !settings.find::<General>().is_some_and(|general| general.is_production()) {
        return Vec::new();
    }
    let server = settings.get::<Server>();
    [("server.secret", &server.secret), ("server.metrics_token", &server.metrics_token)]
        .into_iter()
        .filter(|(_, secret)| !secret.is_empty() && secret.len() < LEAST_SECRET)
        .map(|(key, _)| {
            Mistake::new(key, format!("is shorter than {LEAST_SECRET} bytes, which production mode refuses"))
                .hint("make one with: openssl rand -base64 48")
                .given(&["mode"])
        })
        .collect()
}
