//! Whether a request that a browser signs by itself (a cookie) or may send without asking (a form) comes from
//! our own pages.
//!
//! Refuses to know sessions: the one that accepts a cookie calls [`check`].

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method};
use types::Error;

/// Refuses what another site could have made a browser send (A17). `own` is the public address, `listed` the
/// origins of CORS. Reading is not asked: nothing changes by GET.
pub fn check(method: &Method, headers: &HeaderMap, own: &str, listed: &[String]) -> types::Result<()> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let cross_site = || Err(Error::forbidden("cross_site", "The request comes from a page of another site."));
    let mut origins = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next().and_then(|o| o.to_str().ok()), origins.next()) else {
        return Err(Error::forbidden(
            "origin_missing",
            "A browser says which page a change comes from; this request does not.",
        ));
    };
    let known = origin != "null" && (origin == origin_of(own) || listed.iter().any(|one| one == origin));
    if let Some(site) = headers.get("sec-fetch-site") {
        // What we listed may be another site; everything else must be this very origin.
        let fine = site == "same-origin" || (known && (site == "same-site" || site == "cross-site"));
        if !fine {
            return cross_site();
        }
    }
    if known || is_host(origin, headers) {
        return Ok(());
    }
    cross_site()
}

/// Scheme, host and port without anything after.
fn origin_of(url: &str) -> &str {
    let host_at = url.find("://").map_or(0, |at| at + 3);
    url[host_at..].find('/').map_or(url, |at| &url[..host_at + at])
}

/// Somebody who reaches us by another name (`localhost` for 127.0.0.1) is still on our own page.
fn is_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let of_origin = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    !host.is_empty() && of_origin.is_some_and(|of_origin| of_origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &Method, sent: &[(&'static str, &'static str)]) -> Result<(), &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert("host", "main.example.test".parse().unwrap());
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        let listed = ["https://shop.example.test".to_owned()];
        check(method, &headers, "https://main.example.test/base", &listed).map_err(|e| e.code())
    }

    #[test]
    fn a17_another_sites_form_is_refused() {
        let own = ("origin", "https://main.example.test");
        assert_eq!(ask(&Method::POST, &[own]), Ok(()));
        assert_eq!(ask(&Method::POST, &[own, ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(
            ask(&Method::POST, &[("origin", "https://shop.example.test"), ("sec-fetch-site", "cross-site")]),
            Ok(())
        );
        assert_eq!(ask(&Method::POST, &[]), Err("origin_missing"));
        assert_eq!(ask(&Method::POST, &[("sec-fetch-site", "same-origin")]), Err("origin_missing"));
        for evil in [
            "null",
            "https://evil.test",
            "https://main.example.test.evil.test",
            "https://evilmain.example.test",
            "https://shop.example.test.evil.test",
            "https://main.example.test:8443",
            "ftp://main.example.test",
        ] {
            assert_eq!(ask(&Method::POST, &[("origin", evil)]), Err("cross_site"), "{evil}");
        }
        for site in ["cross-site", "same-site", "none", ""] {
            assert_eq!(
                ask(&Method::DELETE, &[("origin", "https://evil.test"), ("sec-fetch-site", site)]),
                Err("cross_site")
            );
        }
        assert_eq!(ask(&Method::PUT, &[own, own]), Err("origin_missing"));
        assert_eq!(ask(&Method::GET, &[]), Ok(()));
    }
}
