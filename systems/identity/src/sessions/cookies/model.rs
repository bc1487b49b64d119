//! The text of a session's cookie.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use types::Id;

use crate::secrets::Secrets;
use crate::sessions::SessionId;

const PREFIX: &str = "cs_";
const ID_LENGTH: usize = 26;
const PROOF_LENGTH: usize = 43;

/// The cookie of one generation of a session: `cs_` session `.` proof. Made only by who has both the installation secret
/// and the session's salt out of the database, and never one of a refresh token: those prove without the first part.
pub(crate) fn text(secrets: &Secrets, session: SessionId, salt: &[u8], generation: i64) -> String {
    let parts = [b"cookie".as_slice(), session.as_bytes(), salt, &generation.to_be_bytes()];
    let proof = URL_SAFE_NO_PAD.encode(secrets.refresh_proof(&parts));
    format!("{PREFIX}{}.{proof}", session.0.encode())
}

/// The session that a cookie claims to be of; `None` for text that was never one.
pub(crate) fn session_of(text: &str) -> Option<SessionId> {
    let (session, proof) = text.strip_prefix(PREFIX)?.split_at_checked(ID_LENGTH)?;
    let proof = proof.strip_prefix('.')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let good = proof.len() == PROOF_LENGTH && proof.bytes().all(plain);
    Id::decode(session).ok().filter(|_| good).map(SessionId)
}

#[cfg(test)]
mod tests {
    use types::Time;

    use super::*;
    use crate::sessions::refresh;

    #[test]
    fn a_cookie_is_another_secret_than_a_refresh_token_of_the_same_row() {
        let secrets = Secrets::derive(&web::Keys::new(b"for tests"));
        let id = SessionId::at(Time::from_millis(1_800_000_000_000));
        let cookie = text(&secrets, id, b"salt", 1);
        let token = refresh::token(&secrets, id, b"salt", 1);
        assert_eq!(session_of(&cookie), Some(id));
        assert_eq!(session_of(&token), None);
        assert!(refresh::parse(&cookie).is_none());
        assert_ne!(cookie.rsplit_once('.').unwrap().1, token.rsplit_once('.').unwrap().1);
        assert_ne!(cookie, text(&secrets, id, b"salt", 2), "each generation has its own");
    }

    #[test]
    fn only_one_spelling_is_a_cookie() {
        let secrets = Secrets::derive(&web::Keys::new(b"for tests"));
        let good = text(&secrets, SessionId::at(Time::from_millis(1_800_000_000_000)), b"salt", 1);
        for wrong in [
            String::new(),
            "cs_".into(),
            good.to_uppercase(),
            format!("{good}A"),
            good.replace('.', ":"),
            format!("cs_{}", "é".repeat(70)),
        ] {
            assert_eq!(session_of(&wrong), None, "{wrong}");
        }
    }
}
