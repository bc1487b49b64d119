//! Where a request goes: a URL, read strictly. Pure.
//!
//! There is one way to write each target. What other readers take for a number, a user or another scheme is refused here
//! instead of being understood.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

use crate::error::Refusal;

/// Longer addresses are somebody's attempt at something.
const LONGEST: usize = 8192;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Name(String),
    Address(IpAddr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) tls: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// Path and query, as sent.
    pub(crate) path: String,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, Refusal> {
        // Other readers drop or turn these around, so two could disagree on where the host ends.
        if url.len() > LONGEST || !url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(Refusal::Url);
        }
        let tls = match url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(Refusal::Scheme),
        };
        let uri: Uri = url.parse().map_err(|_| Refusal::Url)?;
        let authority = uri.authority().ok_or(Refusal::Url)?.as_str();
        if authority.contains('@') {
            return Err(Refusal::User);
        }
        let (host, port) = split(authority)?;
        let port = match port {
            None => {
                if tls {
                    443
                } else {
                    80
                }
            }
            Some(digits) => number(digits)?,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { tls, host: Host::parse(host)?, port, path })
    }

    /// Where a `Location` leads from here.
    pub(crate) fn join(&self, location: &str) -> Result<Self, Refusal> {
        let scheme = if self.tls { "https" } else { "http" };
        let before_path = location.split(['/', '?', '#']).next().unwrap_or_default();
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        if before_path.contains(':') {
            return Self::parse(location);
        }
        let path = self.path.split('?').next().unwrap_or("/");
        let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
        let path = match location.bytes().next() {
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{path}{location}"),
            None | Some(b'#') => self.path.clone(),
            Some(_) => format!("{folder}{location}"),
        };
        Self::parse(&format!("{}{path}", self.origin()))
    }

    /// Scheme, host and port: what the `Host` header says, and what credentials belong to.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }

    pub(crate) fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(four)) => four.fmt(f),
            Self::Address(IpAddr::V6(six)) => write!(f, "[{six}]"),
        }
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let six = inner.parse::<Ipv6Addr>().map_err(|_| Refusal::Host)?;
            return Ok(Self::Address(IpAddr::V6(six)));
        }
        if let Ok(four) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(IpAddr::V4(four)));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let last = name.rsplit('.').next().unwrap_or_default();
        // `127.1`, `2130706433`, `0x7f.1`: numbers to the resolver of the system, whatever they are to us.
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        if name.len() > 253 || !name.split('.').all(label) || numeric {
            return Err(Refusal::Host);
        }
        Ok(Self::Name(name))
    }
}

fn split(authority: &str) -> Result<(&str, Option<&str>), Refusal> {
    let end = if authority.starts_with('[') { authority.find(']').ok_or(Refusal::Host)? + 1 } else { 0 };
    match authority[end..].find(':') {
        None if end > 0 && end != authority.len() => Err(Refusal::Host),
        None => Ok((authority, None)),
        Some(at) => Ok((&authority[..end + at], Some(&authority[end + at + 1..]))),
    }
}

fn number(digits: &str) -> Result<u16, Refusal> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).ok_or(Refusal::Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_address_in_its_parts() {
        let target = Target::parse("HTTPS://Hooks.Example.:8443/a/b?c=d#e").unwrap();
        assert!(target.tls);
        assert_eq!(target.host, Host::Name("hooks.example".to_owned()));
        assert_eq!((target.port, target.path.as_str()), (8443, "/a/b?c=d"));
        assert_eq!(target.origin(), "https://hooks.example:8443");
        let six = Target::parse("http://[2001:4860::8888]?x=1").unwrap();
        assert_eq!((six.authority().as_str(), six.path.as_str()), ("[2001:4860::8888]", "/?x=1"));
        assert_eq!(Target::parse("http://8.8.8.8").unwrap().port, 80);
    }

    #[test]
    fn a31_what_can_be_read_in_two_ways_is_refused() {
        for url in [
            "",
            "x",
            "//a.example",
            "http:a.example",
            "http:/a.example",
            "http://",
            "http:///a",
            "http://:80/",
            "ftp://a.example",
            "file:///etc/passwd",
            "gopher://a.example",
            "unix:/run/x.sock",
            "http+unix://x",
            "javascript:alert(1)",
            "data:text/plain,x",
            "ws://a.example",
            "http://user@a.example",
            "http://user:pw@a.example",
            "http://a.example@b.example",
            "http://@a.example",
            "http://a.example\\@b",
            "http://a.example:",
            "http://a.example:+80",
            "http://a.example:99999",
            "http://a.example:80:90",
            "http://127.1",
            "http://0",
            "http://0x7f000001",
            "http://0x7f.0.0.1",
            "http://017700000001",
            "http://2130706433",
            "http://127.0.0.1.",
            "http://0177.0.0.1",
            "http://127.0.0.01",
            "http://1.2.3.4.5",
            "http://[::1",
            "http://[::1]x",
            "http://::1/",
            "http://[fe80::1%25eth0]/",
            "http://[127.0.0.1]/",
            "http://a..example",
            "http://.example",
            "http://%6cocalhost",
            "http://münchen.example",
            "http://127。0。0。1",
            "http://①②⑦.0.0.1",
            "http://a.example/ b",
            "http://a.example/\r\nx: y",
            " http://a.example",
            "http://a.example\t",
            "http://a.exa\u{0}mple",
            "http://*.example",
        ] {
            assert!(Target::parse(url).is_err(), "{url} was read as {:?}", Target::parse(url));
        }
    }

    #[test]
    fn a_location_is_read_from_where_one_stands() {
        let here = Target::parse("https://a.example:444/x/y?q=1").unwrap();
        for (location, there) in [
            ("/z", "https://a.example:444/z"),
            ("z?w", "https://a.example:444/x/z?w"),
            ("?w", "https://a.example:444/x/y?w"),
            ("", "https://a.example:444/x/y?q=1"),
            ("//b.example/z", "https://b.example/z"),
            ("http://b.example/z", "http://b.example/z"),
            ("/go?to=http://c.example", "https://a.example:444/go?to=http://c.example"),
        ] {
            assert_eq!(here.join(location), Target::parse(there), "{location}");
        }
        for location in ["gopher://b.example", "javascript:x", "//user@b.example", "/a b", "//\u{e9}"] {
            assert!(here.join(location).is_err(), "{location}");
        }
    }
}
