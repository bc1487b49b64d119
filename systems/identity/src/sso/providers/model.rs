//! What a provider may be.

use std::net::IpAddr;

use config::Secret;
use serde::{Deserialize, Serialize};
use types::{Problems, Time};
use utoipa::ToSchema;

use crate::people::check_line;
use crate::workspaces::Role;

pub(crate) const NAME_MAX: usize = 40;
const TITLE_MAX: usize = 80;
const URL_MAX: usize = 500;
const TEXT_MAX: usize = 255;
const MOST: usize = 50;

/// Whether somebody who never was here gets an account by signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provisioning {
    /// Only people who have an account.
    Off,
    /// An account is made at the first sign-in, for a verified address.
    JustInTime,
}

impl Provisioning {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::JustInTime => "just_in_time",
        }
    }

    /// What is not known counts as off: a row from a newer version must not open a door.
    pub(crate) fn read(text: &str) -> Self {
        if text == "just_in_time" { Self::JustInTime } else { Self::Off }
    }
}

/// When a provider of the database was made and changed; one of the settings file has none of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) version: i64,
}

/// Somebody who may say who people are.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// In addresses, the one that the provider sends people back to among them: it never changes.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Empty for a public client.
    pub(crate) client_secret: Secret,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) provisioning: Provisioning,
    /// Where a new person begins: an id or a slug.
    pub(crate) workspace: Option<String>,
    pub(crate) role: Role,
    pub(crate) enabled: bool,
    /// `None` for a provider of the settings file.
    pub(crate) kept: Option<Kept>,
}

impl Provider {
    pub(crate) fn usual_scopes() -> Vec<String> {
        ["openid", "email", "profile"].map(str::to_owned).to_vec()
    }

    /// Whether people with this address may come from here.
    pub(crate) fn takes(&self, email_key: &str) -> bool {
        let domain = email_key.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.domains.is_empty() || self.domains.iter().any(|one| one.eq_ignore_ascii_case(domain))
    }

    /// Adds everything that is wrong with it.
    pub(crate) fn check(&self, problems: &mut Problems) {
        if !is_name(&self.name) {
            problems.add("/name", "name", "must be small letters, digits and single hyphens, at most 40");
        }
        check_line("/title", &self.title, TITLE_MAX, problems);
        if !is_issuer(&self.issuer) {
            let message =
                "must be the provider's issuer as it says it itself: https, without query and fragment";
            problems.add("/issuer", "issuer", message);
        }
        check_line("/client_id", &self.client_id, TEXT_MAX, problems);
        if self.client_secret.len() > TEXT_MAX || self.client_secret.expose().chars().any(char::is_control) {
            problems.add("/client_secret", "secret", "must be one line of at most 255 bytes");
        }
        self.check_lists(problems);
        if let Some(audience) = &self.audience {
            check_line("/audience", audience, TEXT_MAX, problems);
        }
        if let Some(workspace) = &self.workspace {
            check_line("/workspace", workspace, TEXT_MAX, problems);
        }
        if self.role == Role::Owner {
            problems.add("/role", "role", "nobody becomes an owner by coming from a provider");
        }
        let anybody = self.provisioning == Provisioning::JustInTime && self.domains.is_empty();
        if self.role == Role::Admin && anybody {
            let message = "whoever has an account there would administer the workspace: name the `domains`";
            problems.add("/role", "role", message);
        }
    }

    fn check_lists(&self, problems: &mut Problems) {
        let token = |text: &String| {
            let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
            plain && !text.is_empty() && text.len() <= TEXT_MAX
        };
        if self.scopes.len() > MOST || !self.scopes.iter().all(token) {
            problems.add("/scopes", "scopes", "must be at most 50 words of visible ASCII");
        } else if !self.scopes.iter().any(|scope| scope == "openid") {
            problems.add("/scopes", "openid", "must have `openid` among them");
        }
        if self.domains.len() > MOST || !self.domains.iter().all(|domain| is_domain(domain)) {
            problems.add("/domains", "domains", "must be at most 50 domains, as `example.org`");
        }
    }
}

pub(crate) fn is_name(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= NAME_MAX && text.split('-').all(word)
}

/// Unencrypted only on this machine: who could listen could answer, too.
pub(crate) fn is_issuer(text: &str) -> bool {
    let plain = text.len() <= URL_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || text.contains(['?', '#', '\\', '@']) {
        return false;
    }
    match text.split_once("://") {
        Some(("https", rest)) => !host(rest).is_empty(),
        Some(("http", rest)) => is_loopback(host(rest)),
        _ => false,
    }
}

/// The host of what follows `scheme://`, without a port.
fn host(rest: &str) -> &str {
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= TEXT_MAX && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for good in [
            "https://idp.example",
            "https://idp.example/realms/main",
            "http://127.0.0.2:8080",
            "http://[::1]:1/x",
        ] {
            assert!(is_issuer(good), "{good}");
        }
        for bad in [
            "",
            "idp.example",
            "http://idp.example",
            "http://127.0.0.1.idp.example",
            "http://localhost.idp.example",
            "ftp://x",
            "https://",
            "https:///x",
            "https://a@b",
            "https://idp.example?x",
            "https://idp.example#x",
            "https://idp.exa mple",
            "https:\\\\idp.example",
            "javascript:alert(1)",
        ] {
            assert!(!is_issuer(bad), "{bad}");
        }
    }

    #[test]
    fn a_domain_is_the_whole_domain() {
        let provider = |domains: &[&str]| Provider {
            name: "x".into(),
            title: "x".into(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            scopes: Provider::usual_scopes(),
            audience: None,
            domains: domains.iter().map(|one| (*one).to_owned()).collect(),
            provisioning: Provisioning::Off,
            workspace: None,
            role: Role::Member,
            enabled: true,
            kept: None,
        };
        assert!(provider(&[]).takes("a@evil.test"));
        assert!(provider(&["Example.test"]).takes("a@example.test"));
        for other in [
            "a@evil.test",
            "a@sub.example.test",
            "a@example.test.evil.test",
            "a@evilexample.test",
            "example.test",
        ] {
            assert!(!provider(&["example.test"]).takes(other), "{other}");
        }
    }
}
