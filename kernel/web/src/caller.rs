//! Who is asking: the credential of a request, and what `identity` makes of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, header};
use ring::digest;
use types::{Actor, Error, Result, Rights, Time, WorkspaceId, hex};

use crate::app::App;
use crate::cookie::{Cookie, TwoCookies};

/// What a request brought to prove who sent it.
#[derive(Clone)]
pub enum Credential {
    /// An access token.
    Bearer(String),
    /// `prefix.secret`, and the page that it stands in, as its browser says.
    ApiKey { text: String, origin: Option<String> },
    /// What a browser sends by itself.
    Cookie(Cookie),
}

/// Whoever signed in, in the workspace of this request.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: Actor,
    /// The public id that limits and idempotency keys belong to.
    pub principal: Arc<str>,
    /// The session behind an access token.
    pub session: Option<Arc<str>>,
    pub workspace: Option<WorkspaceId>,
    /// What he may do in that workspace.
    pub rights: Rights,
    /// What he may do over the installation.
    pub installation: Rights,
    /// When he last proved who he is; `None` for a key.
    pub proven_at: Option<Time>,
    /// Whether he showed a second factor.
    pub second_factor: bool,
    /// Whether the workspace that was asked for asks for a second factor that he has not shown. He is in no workspace then.
    pub barred: bool,
    /// Whether he is anybody who looks at a web page: his key is no secret.
    pub published: bool,
    /// Why the workspace does not answer as usual, if it does not. What it does not allow is not among `rights` either.
    pub closed: Option<Closed>,
    /// How many requests a minute the workspace has, all callers together.
    pub requests: Option<u32>,
}

/// By how much the clocks of two nodes may differ.
const SKEW: Duration = Duration::from_mins(1);

impl Caller {
    /// Refuses who has not proven for longer than `age` who he is. A proof from the future is of a clock that was ahead,
    /// and could be of any age.
    pub fn proven_within(&self, age: Duration, now: Time) -> Result<()> {
        let proven_at = self.proven_at.ok_or_else(|| {
            Error::forbidden("person_needed", "This needs a person. Sign in with an access token.")
        })?;
        if proven_at <= now.plus(SKEW) && now.since(proven_at) < age {
            return Ok(());
        }
        let message = "Prove again who you are: POST /api/v1/auth/step-up. Then repeat this.";
        Err(Error::forbidden("step_up_required", message).with("max_age", age.as_secs()))
    }
}

/// Why a workspace does not answer as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The operator stopped it.
    Suspended,
    /// It is before or after the time it is enabled for.
    Disabled,
    /// It will be forgotten soon.
    Deleted,
    /// It may be read, and nothing in it changes.
    Archived,
}

impl Closed {
    pub const fn may_be_read(self) -> bool {
        matches!(self, Self::Archived)
    }

    pub fn refusal(self) -> Error {
        match self {
            Self::Suspended => {
                Error::forbidden("workspace_suspended", "The operator has suspended this workspace.")
            }
            Self::Disabled => {
                Error::forbidden("workspace_disabled", "This workspace is not enabled at this time.")
            }
            Self::Deleted => Error::forbidden("workspace_deleted", "This workspace was deleted."),
            Self::Archived => {
                Error::forbidden("workspace_archived", "This workspace is archived: nothing in it changes.")
            }
        }
    }
}

/// Fulfilled by `identity`.
pub trait Authenticate: Send + Sync {
    /// Who holds this credential, and where. `wanted` is what `X-Workspace-Id` asked for: an id or a slug.
    fn identify<'a>(
        &'a self,
        app: &'a App,
        credential: Credential,
        wanted: Option<&'a str>,
        peer: IpAddr,
    ) -> BoxFuture<'a, Result<Caller>>;

    /// Whether scripts of this origin may send a publishable key, before it is known which.
    fn publishes_to<'a>(&'a self, app: &'a App, origin: &'a str) -> BoxFuture<'a, Result<bool>> {
        let _ = (app, origin);
        Box::pin(std::future::ready(Ok(false)))
    }

    /// The workspace that anonymous callers see, if one is open to them.
    fn public_workspace<'a>(&'a self, app: &'a App) -> BoxFuture<'a, Result<Option<WorkspaceId>>>;

    /// How old a proof may be for dangerous acts.
    fn step_up_age(&self, app: &App) -> Duration;
}

impl Credential {
    /// Reads the one credential of a request. Two kinds, or one kind twice, is refused: which of them counted
    /// would be anybody's guess.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>> {
        let bearer = once(headers, header::AUTHORIZATION.as_str())?;
        let key = once(headers, "x-api-key")?;
        let cookie = Cookie::read(headers).map_err(|TwoCookies| ambiguous())?;
        match (bearer, key, cookie) {
            (Some(line), None, None) => Self::bearer(line).map(Some),
            (None, Some(key), None) => {
                let origin = once(headers, header::ORIGIN.as_str())?.map(str::to_owned);
                Ok(Some(Self::ApiKey { text: key.to_owned(), origin }))
            }
            (None, None, Some(cookie)) => Ok(Some(Self::Cookie(cookie))),
            (None, None, None) => Ok(None),
            _ => Err(ambiguous()),
        }
    }

    fn bearer(line: &str) -> Result<Self> {
        match line.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Ok(Self::Bearer(token.trim().to_owned()))
            }
            _ => Err(Error::unauthenticated(
                "bad_authorization",
                "Authorization must be `Bearer` and an access token.",
            )),
        }
    }
}

/// The value of `X-Workspace-Id`, if it was sent once.
pub(crate) fn wanted_workspace(headers: &HeaderMap) -> Result<Option<&str>> {
    once(headers, "x-workspace-id")
}

fn once<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(ambiguous());
    }
    let text =
        line.to_str().map_err(|_| Error::malformed("bad_header", format!("{name} is not readable text.")))?;
    Ok(Some(text.trim()))
}

fn ambiguous() -> Error {
    Error::malformed("ambiguous_credentials", "Send one credential, once.")
}

impl Caller {
    /// A short code of workspace and rights: two callers share it only if they see the same things. What is about
    /// whoever asks is `personal`: there it is his alone.
    pub(crate) fn audience(&self, personal: bool) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        if personal {
            hash.update(self.principal.as_bytes());
            hash.update(&[0]);
        }
        if let Some(workspace) = self.workspace {
            hash.update(workspace.as_bytes());
        }
        hash.update(self.rights.mark(of_names));
        hash.update(self.installation.mark(of_names));
        hex(&hash.finish().as_ref()[..6])
    }
}

/// The names of a set, as one hash.
fn of_names(rights: &Rights) -> [u8; 32] {
    let mut hash = digest::Context::new(&digest::SHA256);
    for name in rights.names() {
        hash.update(name.as_bytes());
        hash.update(&[0]);
    }
    hash.finish().as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&'static str, &'static str)]) -> Result<Option<&'static str>, &'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        match Credential::read(&headers) {
            Ok(Some(Credential::Bearer(_))) => Ok(Some("bearer")),
            Ok(Some(Credential::ApiKey { .. })) => Ok(Some("key")),
            Ok(Some(Credential::Cookie(_))) => Ok(Some("cookie")),
            Ok(None) => Ok(None),
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn one_credential_once() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("authorization", "Bearer a.b.c")]), Ok(Some("bearer")));
        assert_eq!(read(&[("authorization", "bearer a")]), Ok(Some("bearer")));
        assert_eq!(read(&[("x-api-key", "p.s")]), Ok(Some("key")));
        assert_eq!(read(&[("authorization", "Basic eDp5")]), Err("bad_authorization"));
        assert_eq!(read(&[("authorization", "Bearer ")]), Err("bad_authorization"));
        assert_eq!(
            read(&[("authorization", "Bearer a"), ("x-api-key", "p.s")]),
            Err("ambiguous_credentials")
        );
        let cookie = ("cookie", "a=b; __Host-mainstay=x");
        assert_eq!(read(&[cookie]), Ok(Some("cookie")));
        for other in
            [("authorization", "Bearer a"), ("authorization", "Basic eDp5"), ("x-api-key", "p.s"), cookie]
        {
            assert_eq!(read(&[cookie, other]), Err("ambiguous_credentials"), "{other:?}");
        }
        assert_eq!(read(&[("x-api-key", "p.s"), ("x-api-key", "p.s")]), Err("ambiguous_credentials"));
    }
}
