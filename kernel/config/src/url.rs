//! Addresses of services, which may carry a password and are shown without it.

use std::fmt;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::secret::HIDDEN;
use crate::{Kind, Setting, expected};

/// `scheme`, `scheme:rest` or `scheme://user:password@host/path?query`. Printed without what could be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl(Zeroizing<String>);

impl ServiceUrl {
    pub fn new(text: &str) -> Option<Self> {
        let scheme = text.split(':').next().unwrap_or_default();
        let named = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
        let clean = !text.chars().any(|c| c.is_control() || c == ' ' || c == '"');
        (named && clean).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// All of it, password included. Name it only where a connection is made.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `postgres` of `postgres://...`.
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// What follows `scheme:` without slashes of an authority; empty when there is only a scheme.
    pub fn rest(&self) -> &str {
        let rest = self.0.split_once(':').map_or("", |(_, rest)| rest);
        rest.strip_prefix("//").unwrap_or(rest)
    }

    /// `host:port` of `scheme://user@host:port/path`, empty where there is none.
    pub fn host(&self) -> &str {
        let Some((_, rest)) = self.0.split_once("://") else { return "" };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host)
    }

    /// What follows the authority and comes before `?`.
    pub fn path(&self) -> &str {
        let Some((_, rest)) = self.0.split_once("://") else { return self.rest() };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        rest.find('/').map_or("", |at| &rest[at..])
    }

    /// Whether it says who is asking, with or without a password.
    pub fn has_user(&self) -> bool {
        self.user_end().is_some()
    }

    /// Where the `@` stands that ends the user and the password. The last one of all, because people forget to
    /// escape the `/`, `?` and `@` of a password.
    fn user_end(&self) -> Option<usize> {
        let start = self.0.find("://")? + 3;
        self.0[start..].rfind('@').map(|at| start + at)
    }

    fn masked(&self) -> String {
        let text = self.0.as_str();
        let (before_query, query) = text.split_once('?').map_or((text, None), |(a, b)| (a, Some(b)));
        let mut shown = match (text.find("://"), self.user_end()) {
            (Some(at), Some(end)) => {
                let start = at + 3;
                let user = text[start..end].split(':').next().unwrap_or_default();
                let user =
                    if text[start..end].contains(':') { format!("{user}:{HIDDEN}") } else { HIDDEN.into() };
                let after = text[end..].split('?').next().unwrap_or_default();
                format!("{}{user}{after}", &text[..start])
            }
            _ => before_query.to_owned(),
        };
        if let Some(query) = query {
            // A parameter nobody here knows may hold anything; the names are enough to find a mistake by.
            let query = self.user_end().and_then(|end| text[end..].split_once('?')).map_or(query, |(_, q)| q);
            let inside_user = self.user_end().is_some_and(|end| !text[end..].contains('?'));
            for (at, pair) in query.split('&').enumerate().filter(|_| !inside_user) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = if harmless(name) { value } else { HIDDEN };
                shown.push(if at == 0 { '?' } else { '&' });
                shown.extend([name, "=", value]);
            }
        }
        shown
    }
}

fn harmless(name: &str) -> bool {
    matches!(
        name,
        "sslmode" | "endpoint" | "public_endpoint" | "region" | "connect_timeout" | "application_name"
    )
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Setting for ServiceUrl {
    const ECHO: bool = false;

    fn kind() -> Kind {
        Kind::text("the address of a service", "\"postgres://user@host/database\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        value.as_str().and_then(Self::new).ok_or_else(expected::<Self>)
    }

    fn shown(&self) -> Value {
        json!(self.masked())
    }

    fn holds_secret(&self) -> bool {
        self.masked() != *self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_secret_is_masked() {
        for (given, shown) in [
            ("sqlite", "sqlite"),
            ("sqlite:/var/lib/x.db", "sqlite:/var/lib/x.db"),
            ("postgres://db/x?sslmode=require", "postgres://db/x?sslmode=require"),
            ("postgres://me:pw@db/x", "postgres://me:[secret]@db/x"),
            ("postgres://me:p/w?d@x@db/x?sslmode=off", "postgres://me:[secret]@db/x?sslmode=off"),
            ("postgres://me:p?w=1@db/x", "postgres://me:[secret]@db/x"),
            ("redis://token@host", "redis://[secret]@host"),
            ("s3://bucket?secret_key=abc&region=eu", "s3://bucket?secret_key=[secret]&region=eu"),
        ] {
            assert_eq!(ServiceUrl::new(given).unwrap().to_string(), shown);
        }
        assert!(ServiceUrl::new("not a url").is_none());
        assert!(ServiceUrl::new("").is_none());
    }

    #[test]
    fn the_parts_of_an_address() {
        let url = ServiceUrl::new("postgres://me:pw@db:5432/main?x=1").unwrap();
        assert_eq!((url.scheme(), url.host(), url.path()), ("postgres", "db:5432", "/main"));
        assert_eq!(ServiceUrl::new("sqlite:main.db").unwrap().rest(), "main.db");
        assert_eq!(ServiceUrl::new("file:///data").unwrap().path(), "/data");
    }
}
