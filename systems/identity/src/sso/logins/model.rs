//! What a login carries along, and where it may lead afterwards.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use types::Time;

use crate::secrets::{self, Secrets};

/// How long somebody may take at the provider.
pub(crate) const LIFE: Duration = Duration::from_mins(5);
/// `__Host-` keeps every other host, subdomains too, from setting it; it needs `https`, which this machine does without.
const SECURE: &str = "__Host-mainstay-sso";
const PLAIN: &str = "mainstay-sso";
/// How far the clocks of two nodes may be apart.
const SKEW: Duration = Duration::from_secs(5);
const ABOUT: &[u8] = b"sso login";
const LONGEST_PATH: usize = 512;

/// What was begun, as the browser that began keeps it: sealed, so that it learns nothing and changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) provider: String,
    /// Of that moment: a provider that became another one meanwhile is another one.
    pub(crate) issuer: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// Where a browser goes afterwards; without it, the answer is a pair of tokens.
    pub(crate) return_to: Option<String>,
    /// In milliseconds.
    expires_at: i64,
}

impl Login {
    pub(crate) fn begin(provider: &str, issuer: &str, return_to: Option<String>, now: Time) -> Self {
        Self {
            provider: provider.to_owned(),
            issuer: issuer.to_owned(),
            state: secrets::random_text::<32>(),
            nonce: secrets::random_text::<32>(),
            verifier: secrets::random_text::<32>(),
            return_to,
            expires_at: now.plus(LIFE).as_millis(),
        }
    }

    /// PKCE: the provider sees the hash first and the text only with the code.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(secrets::hash(&self.verifier))
    }

    /// Whether it may still come back. A clock that was set back must not make it last longer.
    pub(crate) fn lives(&self, now: Time) -> bool {
        let end = Time::from_millis(self.expires_at);
        now < end && end <= now.plus(LIFE + SKEW)
    }

    /// From then on nobody can use it, whichever node is asked.
    pub(crate) fn forgotten_at(&self) -> Time {
        Time::from_millis(self.expires_at).plus(LIFE)
    }

    pub(crate) fn seal(&self, secrets: &Secrets) -> String {
        let plain = serde_json::to_vec(self).expect("texts and a number are JSON");
        URL_SAFE_NO_PAD.encode(secrets.seal(ABOUT, &plain))
    }

    /// `None` for whatever is not a login that this installation began.
    pub(crate) fn open(secrets: &Secrets, sealed: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        serde_json::from_slice(&secrets.open(ABOUT, &bytes)?).ok()
    }
}

/// The cookie of a login in a `Cookie` header. One that came twice is none: somebody put another beside ours.
pub(crate) fn cookie_in(line: &str, https: bool) -> Option<&str> {
    let name = if https { SECURE } else { PLAIN };
    let mut found = line.split(';').filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    found.next().filter(|_| found.next().is_none())
}

/// `Set-Cookie` for a login; for none, it takes the cookie away. Lax, because the way back begins at the provider.
pub(crate) fn set_cookie(sealed: Option<&str>, https: bool) -> String {
    let (name, secure) = if https { (SECURE, "; Secure") } else { (PLAIN, "") };
    let seconds = if sealed.is_some() { LIFE.as_secs() } else { 0 };
    let value = sealed.unwrap_or_default();
    format!("{name}={value}; Path=/{secure}; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

/// Where a provider sends people back to.
pub(crate) fn callback_path(provider: &str) -> String {
    format!("/api/v1/auth/sso/{provider}/callback")
}

/// Whether it is a plain path of our own pages (A15). What browsers read in more than one way is none: escapes, backslashes,
/// empty and dotted segments. The API is no page.
pub(crate) fn is_own_path(text: &str) -> bool {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let plain = |text: &str, also: &[u8]| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte))
    };
    let Some(rest) = path.strip_prefix('/') else { return false };
    let segments: Vec<&str> = rest.split('/').collect();
    let (last, before) = segments.split_last().expect("a split has one piece at least");
    text.len() <= LONGEST_PATH
        && plain(path, b"/")
        && plain(query, b"=&,:")
        && before.iter().all(|segment| !segment.is_empty())
        && segments.iter().all(|segment| !matches!(*segment, "." | ".."))
        && segments.first() != Some(&"api")
        && !last.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a15_only_a_path_of_our_own_leads_on() {
        for good in ["/", "/console", "/console/people?tab=new&page=2", "/a/b/"] {
            assert!(is_own_path(good), "{good}");
        }
        let long = format!("/{}", "a".repeat(600));
        for bad in [
            "",
            "console",
            "//evil.test",
            "\\\\evil.test",
            "/\\evil.test",
            "https:evil.test",
            "https://evil.test",
            "@evil.test",
            "/%0d%0aSet-Cookie:a=b",
            "/\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "/a//b",
            "/.//evil.test",
            "/../x",
            "/a/./b",
            "/%2f%2fevil.test",
            "/%5cevil.test",
            "/\u{2f}\u{ff0f}evil.test",
            ".evil.test",
            "/a b",
            "/#x",
            "/api/v1/auth/me",
            "/api",
            "/a?b#c",
            &long,
        ] {
            assert!(!is_own_path(bad), "{bad}");
        }
    }

    #[test]
    fn the_cookie_is_found_by_its_exact_name_and_once() {
        assert_eq!(cookie_in("a=b; __Host-mainstay-sso=x; c=d", true), Some("x"));
        assert_eq!(cookie_in("mainstay-sso=x", false), Some("x"));
        for other in
            ["", "mainstay-sso=x", "__Host-mainstay-ssox=x", "__Host-mainstay-sso=x; __Host-mainstay-sso=y"]
        {
            assert_eq!(cookie_in(other, true), None, "{other}");
        }
        let gone = "__Host-mainstay-sso=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0";
        assert_eq!(set_cookie(None, true), gone);
    }

    #[test]
    fn p24_a_login_lives_five_minutes_whatever_the_clock_does() {
        let start = Time::from_millis(1_800_000_000_000);
        let login = Login::begin("idp", "https://idp.example", None, start);
        let month = Duration::from_hours(24 * 31);
        assert!(login.lives(start) && login.lives(start.plus(LIFE).minus(Duration::from_millis(1))));
        assert!(!login.lives(start.plus(LIFE)) && !login.lives(start.plus(month)));
        assert!(!login.lives(start.minus(Duration::from_hours(2))), "two hours back");
    }

    #[test]
    fn cve_2026_7571_a_login_opens_only_here_and_unchanged() {
        let secrets = |of: &[u8]| Secrets::derive(&web::Keys::new(of));
        let login = Login::begin("idp", "https://idp.example", None, Time::from_millis(0));
        let sealed = login.seal(&secrets(b"one"));
        let opened = Login::open(&secrets(b"one"), &sealed).unwrap();
        assert_eq!((opened.state, opened.expires_at), (login.state.clone(), 300_000));
        assert!(Login::open(&secrets(b"another"), &sealed).is_none());
        assert!(Login::open(&secrets(b"one"), &sealed[1..]).is_none());
        assert!(!sealed.contains(&login.nonce) && !sealed.contains(&login.verifier));
    }
}
