//! What a session is proven by: the two kinds of secret that one row can stand for.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::SessionId;
use super::{cookies, refresh};
use crate::secrets::Secrets;

/// What the holder of a session shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionKind {
    /// Access tokens, and a refresh token for the next ones.
    Tokens,
    /// The cookie of a browser.
    Cookie,
}

impl SessionKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Cookie => "cookie",
        }
    }

    pub(crate) fn read(text: &str) -> Self {
        if text == "cookie" { Self::Cookie } else { Self::Tokens }
    }

    /// The secret of one generation, whose hash the row keeps. The same text whenever it is made again.
    pub(crate) fn secret(
        self,
        secrets: &Secrets,
        session: SessionId,
        salt: &[u8],
        generation: i64,
    ) -> String {
        match self {
            Self::Tokens => refresh::token(secrets, session, salt, generation),
            Self::Cookie => cookies::text(secrets, session, salt, generation),
        }
    }
}
