//! What a session is: somebody signed in on one device, until a day that is fixed at the start.

use serde::Serialize;
use types::{PersonId, Time, typed_id};
use utoipa::ToSchema;
use web::Thing;

use super::kind::SessionKind;

typed_id!(
    /// One sign-in on one device, with all the tokens that came of it.
    SessionId,
    "ses"
);

/// What the rule of rotation needs to know of a session.
#[derive(Clone, Debug)]
pub(crate) struct SessionState {
    pub(crate) id: SessionId,
    pub(crate) person: PersonId,
    pub(crate) generation: i64,
    pub(crate) refresh_hash: Vec<u8>,
    pub(crate) previous_hash: Option<Vec<u8>>,
    pub(crate) rotated_at: Option<Time>,
    pub(crate) last_used_at: Time,
    pub(crate) expires_at: Time,
    pub(crate) revoked_at: Option<Time>,
    pub(crate) salt: Vec<u8>,
    pub(crate) kind: SessionKind,
}

/// Where a sign-in came from, as far as it can be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) user_agent: String,
    pub(crate) ip: String,
}

impl Origin {
    /// Cut to what a row keeps, and without anything that could break a line.
    pub(crate) fn new(user_agent: &str, ip: impl ToString) -> Self {
        let clean = |text: &str, max: usize| -> String {
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max).collect()
        };
        Self { user_agent: clean(user_agent, 255), ip: clean(&ip.to_string(), 45) }
    }

    /// A first name for the device, out of what the program says about itself: `Firefox on Linux`, `curl`.
    pub(crate) fn device(&self) -> String {
        let agent = &self.user_agent;
        let first = |names: &[(&str, &'static str)]| {
            names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
        };
        let system = first(&[
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("Linux", "Linux"),
        ]);
        let browser =
            first(&[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            _ => {
                agent.split(['/', ' ']).next().filter(|name| !name.is_empty()).unwrap_or("unknown").to_owned()
            }
        }
    }
}

/// One row of the list of somebody's sessions.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) device: String,
    pub(crate) user_agent: String,
    pub(crate) ip: String,
    pub(crate) created_at: Time,
    pub(crate) last_used_at: Time,
    pub(crate) expires_at: Time,
    pub(crate) revoked_at: Option<Time>,
    /// With blanks between.
    pub(crate) methods: String,
    pub(crate) proven_at: Time,
    pub(crate) second_factor_at: Option<Time>,
    pub(crate) kind: SessionKind,
    pub(crate) version: i64,
}

/// One sign-in of yours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SessionOut {
    #[schema(value_type = String, example = "ses_01j9z3k4m5n6p7q8r9s0t1v2w3")]
    pub(crate) id: SessionId,
    /// What the person calls it; at first a short name made of what the program said about itself.
    pub(crate) device: String,
    /// Whether it is the session of a browser, in a cookie.
    pub(crate) kind: SessionKind,
    /// What the program said about itself, at the last refresh.
    pub(crate) user_agent: String,
    /// The address of the last refresh, or of the last use of a cookie.
    pub(crate) ip: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Time,
    /// The last sign-in or refresh; of a cookie the last use, to the minute.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) last_used_at: Time,
    /// The day it ends whatever happens.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) revoked_at: Option<Time>,
    /// Whether it is the one that asks.
    pub(crate) is_current: bool,
    /// How its person proved themselves when they last did: `password`, `sso`, `totp`, `recovery_code`, `passkey`.
    pub(crate) methods: Vec<String>,
    /// When its person last proved themselves, by signing in or stepping up.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) proven_at: Time,
    /// When a second factor was last shown in it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) second_factor_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

impl Thing for SessionOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/auth/sessions/{}", self.id)
    }
}

impl SessionOut {
    pub(crate) fn of(row: SessionRow, current: Option<SessionId>) -> Self {
        Self {
            is_current: current == Some(row.id),
            id: row.id,
            device: row.device,
            kind: row.kind,
            version: row.version,
            user_agent: row.user_agent,
            ip: row.ip,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            methods: row.methods.split(' ').map(str::to_owned).collect(),
            proven_at: row.proven_at,
            second_factor_at: row.second_factor_at,
        }
    }
}

/// What signing in and refreshing answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TokenPair {
    /// Send it as `Authorization: Bearer`.
    pub(crate) access_token: String,
    /// Good for one more pair; keep it secret, and keep the newest.
    pub(crate) refresh_token: String,
    /// Always `bearer`.
    pub(crate) token_type: &'static str,
    /// Seconds until the access token expires.
    pub(crate) expires_in: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_gets_a_name() {
        let name = |agent: &str| Origin::new(agent, "127.0.0.1").device();
        assert_eq!(
            name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Linux"
        );
        assert_eq!(name("curl/8.5.0"), "curl");
        assert_eq!(name(""), "unknown");
    }

    #[test]
    fn a39_a_user_agent_can_not_break_a_line() {
        let origin = Origin::new(&format!("a\r\nb\u{1b}[0m{}", "x".repeat(999)), "::1");
        assert!(!origin.user_agent.chars().any(char::is_control));
        assert_eq!(origin.user_agent.chars().count(), 255);
    }
}
