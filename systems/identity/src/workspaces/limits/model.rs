//! The limits by name, and what the settings allow where the operator said nothing.

use serde::Serialize;
use utoipa::ToSchema;

use crate::settings::IdentitySettings;

/// What a workspace can have only so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Members,
    ApiKeys,
    Roles,
    Invitations,
    Requests,
}

impl Name {
    pub(crate) const ALL: [Self; 5] =
        [Self::Members, Self::ApiKeys, Self::Roles, Self::Invitations, Self::Requests];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::ApiKeys => "api_keys",
            Self::Roles => "custom_roles",
            Self::Invitations => "pending_invitations",
            Self::Requests => "requests_a_minute",
        }
    }
}

/// What the settings allow every workspace; 0 there means no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed([i64; 5]);

impl Allowed {
    pub(crate) fn by(settings: &config::Settings) -> Self {
        let set = settings.get::<IdentitySettings>();
        let of = |name| match name {
            Name::Members => set.workspace_members,
            Name::ApiKeys => set.workspace_api_keys,
            Name::Roles => set.workspace_roles,
            Name::Invitations => set.workspace_invitations,
            Name::Requests => 0,
        };
        Self(Name::ALL.map(|name| i64::from(of(name))))
    }

    /// `None`: as many as one likes.
    pub(crate) fn of(&self, name: Name) -> Option<i64> {
        Some(self.0[name as usize]).filter(|most| *most > 0)
    }
}

/// A limit of a workspace, and how much of it is used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LimitOut {
    /// `members`, `api_keys`, `custom_roles`, `pending_invitations` or `requests_a_minute`.
    pub(crate) name: &'static str,
    /// How much there may be; null where there is no limit.
    pub(crate) limit: Option<i64>,
    /// How much there is. Of requests: in this minute, and null where they are not counted.
    pub(crate) used: Option<i64>,
    /// Whether the operator set it for this workspace.
    pub(crate) own: bool,
}
