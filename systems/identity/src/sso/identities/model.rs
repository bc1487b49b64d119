//! An identity, and the ticket that stands for one until the password was given.

use std::time::Duration;

use serde::Serialize;
use types::{PersonId, Time, typed_id};
use utoipa::ToSchema;

use crate::people::Email;

typed_id!(
    /// Somebody as a provider knows them, linked to an account.
    IdentityId,
    "idn"
);

/// How long a ticket waits for the password.
pub(crate) const TICKET_LIFE: Duration = Duration::from_mins(5);
/// How often a password may be tried with one ticket.
pub(crate) const TRIES: i64 = 5;

/// A linked identity.
#[derive(Clone, Debug)]
pub(crate) struct IdentityRow {
    pub(crate) id: IdentityId,
    pub(crate) person: PersonId,
    pub(crate) provider: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    pub(crate) created_at: Time,
    pub(crate) last_used_at: Time,
}

/// Somebody whom a provider proved, kept until the account's password says that it is theirs. All of it is what the provider
/// said at that moment; whoever brings the ticket adds nothing to it (CVE-2026-9087).
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) person: PersonId,
    pub(crate) provider: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) email: Email,
    pub(crate) return_to: Option<String>,
}

/// Somebody you are at a provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct SsoIdentityOut {
    #[schema(value_type = String)]
    pub(crate) id: IdentityId,
    /// The name of the provider by which it was linked.
    pub(crate) provider: String,
    issuer: String,
    /// Who you are there, as the issuer calls you.
    subject: String,
    /// The address that the provider said at the last sign-in.
    email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Time,
}

impl From<IdentityRow> for SsoIdentityOut {
    fn from(row: IdentityRow) -> Self {
        let IdentityRow { id, provider, issuer, subject, email, created_at, last_used_at, .. } = row;
        Self { id, provider, issuer, subject, email, created_at, last_used_at }
    }
}
