//! Who the caller is on the network: the peer, unless the peer is a proxy that we were told to believe.
//!
//! Refuses to read a header from anybody else (A19).

use std::net::{IpAddr, SocketAddr};

use http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// The other end of the connection. Put into the request by the listener.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The caller's address, an IPv4 one never dressed as IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(pub IpAddr);

impl ClientAddr {
    /// The network that limits count: one address, or the /64 that one IPv6 caller owns.
    pub fn network(self) -> IpNet {
        let bits = if self.0.is_ipv4() { 32 } else { 64 };
        IpNet::new_assert(self.0, bits).trunc()
    }
}

/// The header a trusted proxy writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`
    #[default]
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239)
    Forwarded,
}

/// The caller's address. A request that came over no connection has the unspecified one.
pub(super) fn of(
    extensions: &Extensions,
    headers: &HeaderMap,
    trusted: &[IpNet],
    which: ForwardedHeader,
) -> ClientAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    let peer = extensions.get::<Peer>().map_or(unknown, |peer| peer.0.ip().to_canonical());
    let believed = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if !believed(&peer) {
        return ClientAddr(peer);
    }
    let name = match which {
        ForwardedHeader::XForwardedFor => "x-forwarded-for",
        ForwardedHeader::Forwarded => "forwarded",
    };
    let mut client = peer;
    // From the right: each hop was written by the one after it, so the first that we do not know is the caller.
    for value in headers.get_all(name).iter().rev() {
        let Ok(text) = value.to_str() else { return ClientAddr(client) };
        for element in text.rsplit(',') {
            let hop = match which {
                ForwardedHeader::XForwardedFor => address(element.trim()),
                ForwardedHeader::Forwarded => for_of(element),
            };
            // What cannot be read ends what can be believed.
            let Some(hop) = hop else { return ClientAddr(client) };
            client = hop;
            if !believed(&hop) {
                return ClientAddr(client);
            }
        }
    }
    ClientAddr(client)
}

/// Whether the request says that it passed a proxy.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded")
            || matches!(name, "forwarded" | "via" | "x-real-ip" | "cf-connecting-ip")
    })
}

fn for_of(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| address(value.trim().trim_matches('"')))
    })?
}

fn address(text: &str) -> Option<IpAddr> {
    let ip = text.parse::<IpAddr>().ok();
    let ip = ip.or_else(|| text.parse::<SocketAddr>().ok().map(|addr| addr.ip()));
    let ip = ip.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    ip.map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, trusted: &[&str], which: ForwardedHeader, sent: &[(&'static str, &str)]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        of(&extensions, &headers, &trusted, which).0.to_string()
    }

    #[test]
    fn a19_a_stranger_cannot_choose_his_address() {
        let spoofed = [
            ("x-forwarded-for", "198.51.100.7"),
            ("x-real-ip", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7"),
            ("cf-connecting-ip", "198.51.100.7"),
        ];
        for which in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            assert_eq!(client("203.0.113.9", &["10.0.0.0/8"], which, &spoofed), "203.0.113.9");
        }
    }

    #[test]
    fn a19_behind_a_proxy_only_what_the_proxy_added_counts() {
        let xff = ForwardedHeader::XForwardedFor;
        let trusted = ["10.0.0.0/8"];
        let seen = |value| client("10.0.0.1", &trusted, xff, &[("x-forwarded-for", value)]);
        assert_eq!(seen("198.51.100.7, 203.0.113.9"), "203.0.113.9");
        assert_eq!(seen("198.51.100.7, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(seen("198.51.100.7, nonsense"), "10.0.0.1");
        assert_eq!(seen("203.0.113.9:4711"), "203.0.113.9");
        assert_eq!(seen("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(seen("::ffff:203.0.113.9"), "203.0.113.9");
        let two = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("10.0.0.1", &trusted, xff, &two), "203.0.113.9");
        let other = [("forwarded", "for=198.51.100.7")];
        assert_eq!(client("10.0.0.1", &trusted, xff, &other), "10.0.0.1");
    }

    #[test]
    fn a19_the_standard_header_is_read_the_same_way() {
        let sent = [("forwarded", "for=198.51.100.7, For=\"[2001:db8::9]:80\";proto=https, for=10.1.1.1")];
        assert_eq!(
            client("::ffff:10.0.0.1", &["10.0.0.0/8"], ForwardedHeader::Forwarded, &sent),
            "2001:db8::9"
        );
    }

    #[test]
    fn a19_a_caller_with_a_64_is_one_network() {
        let network = |text: &str| ClientAddr(text.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("203.0.113.9"), "203.0.113.9/32");
    }
}
