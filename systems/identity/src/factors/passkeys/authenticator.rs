//! What an authenticator says: the authenticator data and the attestation object (WebAuthn Level 3, 6.1 and 6.5).

use super::cose::{self, PublicKey};

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const MAY_BE_SYNCED: u8 = 1 << 3;
const IS_SYNCED: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;

/// The longest id of a credential that the specification allows.
const LONGEST_ID: usize = 1023;

/// What every ceremony says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) rp_id_hash: [u8; 32],
    flags: u8,
    pub(super) sign_count: u32,
    pub(super) credential: Option<Credential>,
}

impl Said {
    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Somebody touched it.
    pub(super) const fn present(&self) -> bool {
        self.has(PRESENT)
    }

    /// It was its owner: a finger, a face, a PIN.
    pub(super) const fn verified(&self) -> bool {
        self.has(VERIFIED)
    }

    pub(super) const fn may_be_synced(&self) -> bool {
        self.has(MAY_BE_SYNCED)
    }

    pub(super) const fn is_synced(&self) -> bool {
        self.has(IS_SYNCED)
    }
}

/// A key pair that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credential {
    pub(super) id: Vec<u8>,
    /// As the authenticator wrote it.
    pub(super) public_key: Vec<u8>,
}

/// Reads authenticator data to its last byte.
pub(super) fn read(bytes: &[u8]) -> Option<Said> {
    let (head, mut rest) = bytes.split_at_checked(37)?;
    let flags = head[32];
    let has = |flag: u8| flags & flag != 0;
    let credential = if has(ATTESTED) { Some(credential(&mut rest)?) } else { None };
    if has(EXTENDED) {
        cose::cbor(&mut rest)?.as_map()?;
    }
    let said = Said {
        rp_id_hash: head[..32].try_into().ok()?,
        flags,
        sign_count: u32::from_be_bytes(head[33..].try_into().ok()?),
        credential,
    };
    rest.is_empty().then_some(said)
}

fn credential(rest: &mut &[u8]) -> Option<Credential> {
    let (length, after) = rest.split_at_checked(16)?.1.split_at_checked(2)?;
    let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
    let (id, after) = after.split_at_checked(length)?;
    let mut left = after;
    cose::cbor(&mut left)?;
    let public_key = &after[..after.len() - left.len()];
    PublicKey::read(public_key)?;
    *rest = left;
    let credential = Credential { id: id.to_vec(), public_key: public_key.to_vec() };
    (1..=LONGEST_ID).contains(&length).then_some(credential)
}

/// The authenticator data of an attestation object. Its statement is not looked at: none was asked for.
pub(super) fn attested(object: &[u8]) -> Option<Said> {
    let mut rest = object;
    let object = cose::cbor(&mut rest).filter(|_| rest.is_empty())?;
    let member = |name: &str| {
        let mut found = object.as_map()?.iter().filter(|(key, _)| key.as_text() == Some(name));
        found.next().filter(|_| found.next().is_none()).map(|(_, value)| value)
    };
    member("fmt")?.as_text()?;
    member("attStmt")?.as_map()?;
    read(member("authData")?.as_bytes()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_cut_or_goes_on_is_nothing() {
        let plain = [[7; 32].as_slice(), &[PRESENT | VERIFIED], &9_u32.to_be_bytes()].concat();
        let said = read(&plain).expect("it is whole");
        assert!(said.present() && said.verified() && !said.may_be_synced() && said.sign_count == 9);
        assert_eq!(read(&plain[..36]), None);
        assert_eq!(read(&[plain.as_slice(), &[0]].concat()), None);
        let mut extended = plain.clone();
        extended[32] |= EXTENDED;
        assert_eq!(read(&extended), None, "the extensions are missing");
        assert!(read(&[extended.as_slice(), &[0xa0]].concat()).is_some());
        let mut attested = plain;
        attested[32] |= ATTESTED;
        assert_eq!(read(&attested), None, "the credential is missing");
        let long = [attested.as_slice(), &[0; 16], &u16::MAX.to_be_bytes(), &[1; 1024]].concat();
        assert_eq!(read(&long), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
            let _ = super::attested(&bytes);
            let _ = PublicKey::read(&bytes);
        }
    }
}
