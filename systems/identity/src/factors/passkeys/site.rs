//! Which site passkeys belong to: the configured public address, never a header of the request.

/// The origin that browsers report, and the id that authenticators bind a passkey to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) origin: String,
    pub(crate) rp_id: String,
}

impl Site {
    /// `None` where browsers would refuse: without TLS anywhere but on this machine, and at an address without a name.
    pub(crate) fn of(public_url: &str) -> Option<Self> {
        let (scheme, rest) = public_url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
            None => (authority.as_str(), None),
        };
        let named = host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        let local = host == "localhost" || host.ends_with(".localhost");
        let secure = scheme == "https" || (scheme == "http" && local);
        let address = host.parse::<std::net::Ipv4Addr>().is_ok();
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = port.filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
        (named && secure && !address)
            .then(|| Self { origin: format!("{scheme}://{host}{port}"), rp_id: host.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_the_origin_of_the_public_address() {
        let of = |url: &str| Site::of(url).map(|site| (site.origin, site.rp_id));
        let some = |origin: &str, id: &str| Some((origin.to_owned(), id.to_owned()));
        assert_eq!(
            of("https://Desk.Example.org/base/"),
            some("https://desk.example.org", "desk.example.org")
        );
        assert_eq!(of("https://example.org:443"), some("https://example.org", "example.org"));
        assert_eq!(of("https://example.org:8443"), some("https://example.org:8443", "example.org"));
        assert_eq!(of("http://localhost:8080"), some("http://localhost:8080", "localhost"));
        for url in [
            "http://example.org",
            "https://192.0.2.1",
            "https://[::1]:8080",
            "http://127.0.0.1:8080",
            "",
            "example.org",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
    }
}
