//! The settings of identity.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "`section!` hands a reference whatever the type is")]

use std::time::Duration;

use crate::passwords::Cost;

config::choice! {
    /// What ends when a refresh token comes back after its time.
    pub enum OnReuse { #[default] All = "all", Family = "family" }
}

config::section! {
    /// What guards sessions.
    pub struct SessionSettings as "sessions" {
        /// What ends when an old refresh token is used again, which means that somebody else holds a copy: `all` sessions of
        /// the person, or the `family` of that token, which is the one session.
        #[runtime]
        on_reuse: OnReuse = "all",
    }
}

config::choice! {
    /// Who may make an account.
    pub enum Registration { Open = "open", #[default] Invited = "invited", Closed = "closed" }
}

config::section! {
    /// People, sessions, passwords and API keys.
    pub struct IdentitySettings as "identity" {
        /// How long an access token is good for. A revoked one is refused within a second all the same.
        #[runtime] #[check(access_life)]
        access_token_life: Duration = "15m",
        /// How long somebody stays signed in on a device at most, used or not.
        #[runtime] #[check(not_zero)]
        session_life: Duration = "30d",
        /// How long a device may stay away before it must sign in again.
        #[runtime] #[check(not_zero)]
        session_idle: Duration = "7d",
        /// For how long after a refresh the token before it still answers with the same successor, for a client that lost
        /// the first answer. Any later use means that somebody else holds a copy: `sessions.on_reuse` says what ends.
        #[runtime] #[check(at_most_a_minute)]
        refresh_leeway: Duration = "10s",
        /// How old the last proof of who somebody is may be for dangerous acts: ending all sessions, second factors, new keys,
        /// webhooks, giving a role that can take others in, deleting or giving away a workspace or an account. An older one is
        /// answered 403 `step_up_required`.
        #[runtime] #[check(not_zero)]
        step_up_age: Duration = "10m",
        /// How long ended sessions stay in the list.
        #[runtime] #[check(not_zero)]
        session_kept: Duration = "30d",
        /// For how long a deleted workspace can be restored, a day at least. Then all of it is forgotten.
        #[runtime] #[check(at_least_a_day)]
        workspace_grace: Duration = "30d",
        /// How many members a workspace may have where the operator set no limit for it. 0 is no limit, here and in the three below.
        #[runtime]
        workspace_members: u32 = 10_000,
        /// How many API keys that work a workspace may have.
        #[runtime]
        workspace_api_keys: u32 = 1_000,
        /// How many roles a workspace may make for itself.
        #[runtime]
        workspace_roles: u32 = 100,
        /// How many invitations of a workspace may be pending.
        #[runtime]
        workspace_invitations: u32 = 500,
        /// How often the last use of an API key is written down at most.
        #[runtime]
        api_key_touch: Duration = "60s",
        /// Who may make an account: anybody (`open`), only who was invited into a workspace (`invited`), or nobody but the
        /// operator (`closed`).
        #[runtime]
        registration: Registration = "invited",
        /// How long a link works that proves an address.
        #[runtime] #[check(a_link)]
        verify_link_life: Duration = "24h",
        /// How long a link works that sets a new password.
        #[runtime] #[check(a_link)]
        reset_link_life: Duration = "1h",
        /// How long an account that its person deleted can still be kept.
        #[runtime]
        deletion_grace: Duration = "14d",
        /// Who the access tokens say they are from. Changing it signs everybody's access tokens out.
        issuer: String = "mainstay",
        /// How long a key signs access tokens before a new one takes its place.
        #[runtime] #[check(not_zero)]
        signing_key_life: Duration = "90d",
        /// Memory for one password hash, in KiB (argon2id).
        #[check(memory)]
        password_memory_kib: u32 = 19_456,
        /// Passes over that memory.
        #[check(at_least_one)]
        password_passes: u32 = 2,
        /// Lanes through that memory.
        #[check(at_least_one)]
        password_lanes: u32 = 1,
        /// How many passwords may wait to be hashed; beyond that a sign-in is answered 503. As many are hashed at once as
        /// there are cores.
        #[check(at_least_one)]
        password_queue: u32 = 64,
    }
}

impl IdentitySettings {
    pub fn cost(&self) -> Cost {
        Cost {
            memory_kib: self.password_memory_kib,
            passes: self.password_passes,
            lanes: self.password_lanes,
        }
    }

    pub fn key_touch(&self) -> Duration {
        self.api_key_touch
    }
}

fn not_zero(span: &Duration) -> Result<(), String> {
    if span.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(()) }
}

// Kept replies live for less, so none of a workspace outlives it.
fn at_least_a_day(span: &Duration) -> Result<(), String> {
    if *span >= Duration::from_hours(24) { Ok(()) } else { Err("must be at least a day".to_owned()) }
}

/// No shorter than the time in which an address is sent only so many mails: the last one must still work then.
fn a_link(span: &Duration) -> Result<(), String> {
    let allowed = crate::links::ops::WINDOW..=Duration::from_hours(7 * 24);
    if allowed.contains(span) { Ok(()) } else { Err("must be between 15 minutes and 7 days".to_owned()) }
}

fn access_life(span: &Duration) -> Result<(), String> {
    let allowed = Duration::from_secs(1)..=Duration::from_hours(1);
    if allowed.contains(span) { Ok(()) } else { Err("must be between a second and an hour".to_owned()) }
}

fn at_most_a_minute(span: &Duration) -> Result<(), String> {
    if *span <= Duration::from_mins(1) { Ok(()) } else { Err("must be at most a minute".to_owned()) }
}

fn memory(kib: &u32) -> Result<(), String> {
    if (8..=1_048_576).contains(kib) { Ok(()) } else { Err("must be between 8 and 1048576".to_owned()) }
}

fn at_least_one(number: &u32) -> Result<(), String> {
    if (1..=1024).contains(number) { Ok(()) } else { Err("must be between 1 and 1024".to_owned()) }
}
