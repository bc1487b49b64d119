//! What can go wrong on the way out, and what the rest of the house hears of it.

use std::time::Duration;

use types::Kind;

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is not an address that can be read in one way only")]
    Url,
    #[error("only http and https are spoken")]
    Scheme,
    #[error("an address with a user in it is not sent to")]
    User,
    #[error("the host is neither a name in ASCII letters nor an address written in full")]
    Host,
    #[error("the port belongs to another protocol")]
    Port,
    #[error("the address belongs to a network that is not public")]
    Address,
    #[error("a header is not valid, or is not the caller's to set")]
    Header,
    #[error("this method is not sent")]
    Method,
    #[error("a redirect leads from https to http")]
    Downgrade,
}

/// What was being done when the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Connecting,
    Answering,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// By our own rules; nothing was sent.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// There was no connection: no such name, nobody listens.
    #[error("no connection to {host}: {cause}")]
    Unreachable { host: String, cause: String },
    #[error("the time was over while {}", match .0 { Phase::Connecting => "connecting", Phase::Answering => "waiting for the answer" })]
    Timeout(Phase),
    #[error("the {what} of the answer is larger than {limit} bytes")]
    TooLarge { what: &'static str, limit: u64 },
    #[error("TLS with {host}: {cause}")]
    Tls { host: String, cause: String },
    /// Too much is under way already.
    #[error("too many requests are under way: {0}")]
    Busy(&'static str),
    /// The host failed again and again, or asked for a pause.
    #[error("{host} is left alone for {} s", .wait.as_secs())]
    Resting { host: String, wait: Duration },
    /// The answer was no HTTP, or broke off.
    #[error("the answer broke: {0}")]
    Broken(String),
    /// The settings can not be followed.
    #[error("{0}")]
    Settings(String),
}

impl Error {
    /// One word for the metric.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::Tls { .. } => "tls",
            Self::Busy(_) => "busy",
            Self::Resting { .. } => "resting",
            Self::Broken(_) => "broken",
            Self::Settings(_) => "settings",
        }
    }

    /// Whether the host had its chance and failed.
    pub(crate) fn is_the_hosts(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout(_) | Self::Tls { .. } | Self::Broken(_))
            || matches!(self, Self::TooLarge { what: "head", .. })
    }

    /// Whether nothing of the request can have arrived, and another attempt may end better.
    pub(crate) fn was_not_sent(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout(Phase::Connecting))
    }

    pub(crate) fn may_pass(&self) -> bool {
        self.was_not_sent() || matches!(self, Self::Timeout(_) | Self::Broken(_))
    }
}

/// The causes go to the log only: they name addresses that the public need not know.
impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        let new = match &error {
            Error::Refused(_) => {
                types::Error::invalid("outbound_refused", "This server does not send there.")
            }
            Error::Unreachable { .. } => {
                types::Error::unavailable("outbound_unreachable", "The other server can not be reached.")
            }
            Error::Timeout(_) => types::Error::new(
                Kind::Timeout,
                "outbound_timeout",
                "The other server did not answer in time.",
            ),
            Error::TooLarge { .. } => types::Error::unavailable(
                "outbound_too_large",
                "The answer of the other server is too large.",
            ),
            Error::Tls { .. } => {
                types::Error::unavailable("outbound_tls", "The other server could not prove who it is.")
            }
            Error::Busy(_) => types::Error::unavailable(
                "outbound_busy",
                "Too many requests to other servers are under way.",
            )
            .retry_after(1),
            Error::Resting { wait, .. } => {
                types::Error::unavailable("outbound_resting", "The other server failed too often just now.")
                    .retry_after(wait.as_secs().max(1))
            }
            Error::Broken(_) => types::Error::unavailable(
                "outbound_broken",
                "The answer of the other server can not be read.",
            ),
            Error::Settings(_) => return types::Error::internal(error),
        };
        match &error {
            Error::Refused(refusal) => {
                let reason = refusal.to_string();
                new.because(error).with("reason", reason)
            }
            _ => new.because(error),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
