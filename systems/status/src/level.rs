//! How well something works, and which of several counts.

use serde::{Deserialize, Serialize};
use types::{BadScalar, FromScalar, Scalar};
use utoipa::ToSchema;

/// From best to worst, so that the worst of several is their maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Everything works.
    Operational,
    /// Out of service on purpose.
    Maintenance,
    /// Works, but slowly or with errors.
    Degraded,
    /// Part of it does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
}

impl Level {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Maintenance => "maintenance",
            Self::Degraded => "degraded",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Operational, Self::Maintenance, Self::Degraded, Self::PartialOutage, Self::MajorOutage]
            .into_iter()
            .find(|level| level.as_str() == text)
    }

    /// How everything stands, given how each service does. Without services nothing is wrong.
    pub(crate) fn overall(levels: impl IntoIterator<Item = Self>) -> Self {
        levels.into_iter().max().unwrap_or(Self::Operational)
    }
}

impl From<Level> for Scalar {
    fn from(level: Level) -> Self {
        level.as_str().into()
    }
}

impl FromScalar for Level {
    fn from_scalar(scalar: Scalar) -> Result<Self, BadScalar> {
        let text = String::from_scalar(scalar)?;
        Self::parse(&text).ok_or(BadScalar { expected: "a status", found: "other text" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_27_the_worst_counts_and_nothing_is_operational() {
        assert_eq!(Level::overall([]), Level::Operational);
        assert_eq!(Level::overall([Level::Operational, Level::Degraded]), Level::Degraded);
        assert_eq!(Level::overall([Level::MajorOutage, Level::Maintenance]), Level::MajorOutage);
        assert_eq!(Level::overall([Level::Maintenance, Level::Operational]), Level::Maintenance);
    }

    #[test]
    fn words_are_read_back() {
        assert_eq!(Level::parse("partial_outage"), Some(Level::PartialOutage));
        assert_eq!(Level::parse("Operational"), None);
    }
}
