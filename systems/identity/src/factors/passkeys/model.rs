//! A passkey as the table has it.

use types::{PersonId, Time, typed_id};

typed_id!(
    /// A passkey, by a name of ours.
    PasskeyId,
    "pky"
);

/// How many somebody may have.
pub(crate) const MOST: i64 = 20;
pub(crate) const NAME_MAX: usize = 60;

#[derive(Clone, Debug)]
pub(crate) struct PasskeyRow {
    pub(crate) id: PasskeyId,
    pub(crate) person: PersonId,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: i64,
    pub(crate) may_be_synced: bool,
    pub(crate) is_synced: bool,
    pub(crate) transports: String,
    pub(crate) name: String,
    pub(crate) created_at: Time,
    pub(crate) last_used_at: Option<Time>,
    pub(crate) version: i64,
}

/// A signature that was verified; it has yet to be used up, together with what it is used for.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) passkey: PasskeyId,
    pub(crate) person: PersonId,
    pub(crate) sign_count: i64,
    pub(crate) is_synced: bool,
}

/// The names of transports that are kept, so that browsers know where to look; the rest of what came is left out.
pub(crate) fn transports(named: &[String]) -> String {
    const KNOWN: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];
    KNOWN.into_iter().filter(|known| named.iter().any(|name| name == known)).collect::<Vec<_>>().join(" ")
}
