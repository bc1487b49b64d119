//! The codes a command ends with. They are documented and do not change.

use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    Config = 3,
    NotFound = 4,
    Conflict = 5,
    Permission = 6,
    InUse = 7,
    Unreachable = 8,
    Warnings = 10,
    Failures = 11,
    Interrupted = 130,
}

impl Exit {
    /// The code of a stage that failed.
    pub(crate) fn from_code(code: u8) -> Self {
        let known = [
            Self::Ok,
            Self::Usage,
            Self::Config,
            Self::NotFound,
            Self::Conflict,
            Self::Permission,
            Self::InUse,
            Self::Unreachable,
            Self::Warnings,
            Self::Failures,
            Self::Interrupted,
        ];
        known.into_iter().find(|exit| *exit as u8 == code).unwrap_or(Self::Failed)
    }

    /// The code for what the kernel and the systems refuse.
    pub(crate) fn of(kind: types::Kind) -> Self {
        use types::Kind;
        match kind {
            Kind::NotFound => Self::NotFound,
            Kind::Conflict | Kind::Gone | Kind::Stale => Self::Conflict,
            Kind::Unauthenticated | Kind::Forbidden => Self::Permission,
            Kind::Malformed | Kind::Invalid | Kind::TooLarge => Self::Usage,
            Kind::Upstream | Kind::Unavailable | Kind::Timeout => Self::Unreachable,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
