//! The cookie that a browser signs its requests with: what it is called, how it is read and set.
//!
//! Owns names, attributes and the addresses at which there may be one at all. What a request with a cookie must prove
//! besides is in [`forgery`]. Refuses to know what the text of a cookie means: `identity` does.

mod forgery;

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use types::{Error, Result};

use crate::app::App;

pub use forgery::{CSRF_HEADER, own_page};
pub(crate) use forgery::{Forgery, check};

/// The prefix makes browsers refuse it without `Secure`, with a domain or with another path: no other host and no page
/// over plain HTTP can plant one.
const SECURE: &str = "__Host-mainstay";
/// On the machine itself there is no certificate, and not every browser takes a `Secure` cookie there.
const PLAIN: &str = "mainstay-loopback";

/// How a browser reaches us, as far as its cookie cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over HTTPS: the public address says so.
    Https,
    /// Over plain HTTP that does not leave the machine.
    Loopback,
}

/// A cookie as it came: its text, and by the name, which way it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    pub text: String,
    pub way: Way,
}

impl Cookie {
    /// The one session cookie of a request. Two are refused: which of them counted would be anybody's guess.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, TwoCookies> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = None;
        for (name, text) in pairs {
            let way = match name {
                SECURE => Way::Https,
                PLAIN => Way::Loopback,
                _ => continue,
            };
            if found.is_some() {
                return Err(TwoCookies);
            }
            found = Some(Self { text: text.to_owned(), way });
        }
        Ok(found)
    }

    /// Whether a cookie of its name counts here. Where the public address is HTTPS, one that any neighbour could have
    /// planted does not.
    pub fn counts(&self, app: &App) -> bool {
        (self.way == Way::Https) == is_https(app)
    }
}

/// A request with two session cookies.
pub(crate) struct TwoCookies;

impl Way {
    /// Whether whoever sent this may be given a cookie, and which. Over plain HTTP from elsewhere nobody is: whoever
    /// listens on the way would have the session.
    pub fn of(app: &App, headers: &HeaderMap) -> Result<Self> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        // A page over plain HTTP would be told of a cookie that its browser then throws away.
        let plain_page = text(header::ORIGIN).is_some_and(|origin| origin.starts_with("http://"));
        match is_https(app) {
            true if !plain_page => Ok(Self::Https),
            false if text(header::HOST).is_some_and(is_loopback) => Ok(Self::Loopback),
            _ => Err(Error::forbidden(
                "insecure_address",
                "Signing in with a browser needs HTTPS, or this very machine. Set server.public_url to the https:// \
                 address that people use, and open that one.",
            )),
        }
    }

    /// The cookie of a session that lasts so long at most, and the token that belongs to it.
    pub fn set(self, app: &App, text: &str, life: Duration) -> SetCookie {
        SetCookie { line: self.line(text, life), token: Some(secret(app.csrf_token(text))) }
    }

    /// Takes the cookie away.
    pub fn clear(self) -> SetCookie {
        SetCookie { line: self.line("", Duration::ZERO), token: None }
    }

    fn line(self, text: &str, life: Duration) -> HeaderValue {
        let (name, secure) = match self {
            Self::Https => (SECURE, "; Secure"),
            Self::Loopback => (PLAIN, ""),
        };
        let seconds = life.as_secs();
        secret(format!("{name}={text}; Path=/{secure}; HttpOnly; SameSite=Lax; Max-Age={seconds}"))
    }
}

/// A header value that no log shows.
fn secret(text: String) -> HeaderValue {
    let mut value = HeaderValue::try_from(text).expect("the text of a cookie is base64url with dots");
    value.set_sensitive(true);
    value
}

/// A cookie on its way out: `Set-Cookie`, and in `X-CSRF-Token` what its page has to repeat from now on.
#[derive(Clone, Debug)]
pub struct SetCookie {
    line: HeaderValue,
    token: Option<HeaderValue>,
}

impl SetCookie {
    /// Puts it on a reply that is no [`crate::Reply`]: a page, a redirect.
    pub fn put(self, headers: &mut HeaderMap) {
        headers.insert(header::SET_COOKIE, self.line);
        if let Some(token) = self.token {
            headers.insert(CSRF_HEADER, token);
        }
    }
}

fn is_https(app: &App) -> bool {
    let server = app.settings().get::<config::sections::Server>();
    server.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
}

/// Whether a `Host` names the machine that the browser runs on.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str]) -> Result<Option<(String, Way)>, ()> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        let read = Cookie::read(&headers).map_err(|TwoCookies| ())?;
        Ok(read.map(|cookie| (cookie.text, cookie.way)))
    }

    #[test]
    fn one_cookie_among_others_is_found_by_its_exact_name() {
        let found = |text: &str, way| Ok(Some((text.to_owned(), way)));
        assert_eq!(read(&["a=b; __Host-mainstay=x.y; c=d"]), found("x.y", Way::Https));
        assert_eq!(read(&["a=b", "mainstay-loopback=x"]), found("x", Way::Loopback));
        for other in
            ["", "a=b", "__host-mainstay=x", "__Host-mainstay", "x__Host-mainstay=x", "a=__Host-mainstay=x"]
        {
            assert_eq!(read(&[other]), Ok(None), "{other}");
        }
    }

    #[test]
    fn a16_a_second_cookie_is_refused_whatever_its_name() {
        assert_eq!(read(&["__Host-mainstay=x; __Host-mainstay=x"]), Err(()));
        assert_eq!(read(&["__Host-mainstay=x", "mainstay-loopback=y"]), Err(()));
    }

    #[test]
    fn only_the_machine_itself_is_loopback() {
        for here in [
            "localhost",
            "LOCALHOST:8080",
            "app.localhost:1",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_loopback(here), "{here}");
        }
        for there in [
            "",
            "192.168.1.5:8080",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "[::2]",
            "0.0.0.0",
            "::1",
            "xlocalhost",
        ] {
            assert!(!is_loopback(there), "{there}");
        }
    }

    #[test]
    fn a_cookie_is_out_of_reach_for_scripts_and_other_hosts() {
        let set = Way::Https.line("x.y", Duration::from_mins(1));
        assert_eq!(set, "__Host-mainstay=x.y; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
        assert!(set.is_sensitive());
        assert_eq!(
            Way::Loopback.clear().line,
            "mainstay-loopback=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }
}
