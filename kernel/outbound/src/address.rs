//! Which addresses and ports may be reached. Pure.
//!
//! Public is what the registries of special addresses leave over; what is not known to be public is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use config::IpNet;

/// Ports of protocols that take orders in lines of text, or that no web server listens on: sent to one of them, a
/// request could be read as such orders.
const OTHER_PROTOCOLS: [u16; 75] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513,
    514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 873, 989, 990, 993, 995, 1433,
    1521, 2049, 2375, 3306, 3389, 5432, 6379, 11211,
];
/// The same above: databases, brokers and queues with one or two ports each.
const MORE: [u16; 12] = [1723, 2379, 2380, 4369, 5060, 5061, 5433, 5672, 6000, 6380, 6667, 27017];

/// Networks of v4 that are not public, by the registry of special addresses.
const SPECIAL: [([u8; 4], u32); 17] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    // Shared by providers (CGNAT); a cloud has its metadata there too.
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // A cloud's wire server, which only its guests reach.
    ([168, 63, 129, 16], 32),
    // Link-local, where most clouds have their metadata.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    // Documentation.
    ([192, 0, 2, 0], 24),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Relays of 6to4.
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    // Benchmarks.
    ([198, 18, 0, 0], 15),
    // Automatic multicast tunnels.
    ([192, 52, 193, 0], 24),
    // Multicast; reserved, with broadcast.
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// What the settings allow beyond the public network.
#[derive(Clone, Copy)]
pub(crate) struct Allowed<'a> {
    pub(crate) networks: &'a [IpNet],
    pub(crate) ports: &'a [u16],
}

impl Allowed<'_> {
    pub(crate) fn port(&self, port: u16) -> bool {
        let other = OTHER_PROTOCOLS.contains(&port) || MORE.contains(&port);
        !other || self.ports.contains(&port)
    }

    pub(crate) fn address(&self, address: IpAddr) -> bool {
        // A v4 address in v6 clothes is what it is on the wire.
        let address = address.to_canonical();
        if let IpAddr::V6(six) = address
            && let Some(inner) = translated(six)
        {
            // Whoever allows a translator does not allow what it leads to.
            return self.named(address) && self.address(IpAddr::V4(inner));
        }
        is_public(address) || self.named(address)
    }

    fn named(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// The v4 address that a NAT64, 6to4 or v4-compatible address stands for.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let part = address.segments();
    let four = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match part {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(four(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(four(high, low)),
        _ => None,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_public_v4(four),
        IpAddr::V6(six) => is_public_v6(six),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let address = address.to_bits();
    !SPECIAL
        .iter()
        .any(|(network, bits)| (address ^ Ipv4Addr::from_octets(*network).to_bits()) >> (32 - bits) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let part = address.segments();
    // Only this eighth is given out as global unicast. All else is loopback, local, multicast or reserved.
    let global = part[0] & 0xe000 == 0x2000;
    // Protocol assignments with Teredo and benchmarks; documentation, twice. 6to4 is looked at before.
    let special = matches!(part, [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..]);
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Allowed<'static> = Allowed { networks: &[], ports: &[] };

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a31_special_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::7f00:1",
            "::ffff:0:127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!NOBODY.address(ip(text)), "{text} would be reached");
        }
    }

    #[test]
    fn what_lies_beside_them_is_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.1.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00::1",
            "3ffe::1",
        ] {
            assert!(NOBODY.address(ip(text)), "{text} would be refused");
        }
    }

    #[test]
    fn a_network_is_allowed_by_name_and_no_wider() {
        let networks: Vec<IpNet> =
            ["10.1.0.0/16", "fd12::/16", "64:ff9b::/96"].map(|net| net.parse().unwrap()).into();
        let some = Allowed { networks: &networks, ports: &[] };
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "fd12::5", "64:ff9b::808:808", "64:ff9b::a01:203"] {
            assert!(some.address(ip(text)), "{text}");
        }
        for text in ["10.2.0.1", "127.0.0.1", "fd13::1", "64:ff9b::7f00:1", "64:ff9b::a02:1"] {
            assert!(!some.address(ip(text)), "{text}");
        }
    }

    #[test]
    fn a31_ports_of_other_protocols() {
        for port in
            [0, 22, 23, 25, 53, 110, 143, 389, 445, 465, 587, 2375, 2379, 3306, 5432, 6379, 11211, 27017]
        {
            assert!(!NOBODY.port(port), "{port}");
        }
        for port in [80, 443, 3000, 8080, 8443, 9000, 49_152] {
            assert!(NOBODY.port(port), "{port}");
        }
        assert!(Allowed { networks: &[], ports: &[5432] }.port(5432));
    }
}
