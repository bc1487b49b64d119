//! Cursors: a place in an order, signed, so that only the list that gave one out takes it back.
//!
//! The text is base64url of the tag and the place. The tag is HMAC-SHA256 over everything the cursor is bound to
//! and the place; nothing of what it is bound to is in the text.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use types::{Error, Result, Scalar, WorkspaceId};

const TAG_LEN: usize = 32;
/// Sort columns in a cursor.
const MAX_KEYS: usize = 16;

/// A place between two things of a list, and which way to go from there.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    pub backward: bool,
    /// Whether the thing at the place itself is wanted.
    pub inclusive: bool,
    /// The values of the sort columns of that thing.
    pub keys: Vec<Scalar>,
}

/// What a cursor is good for: this list and no other.
#[derive(Clone, Debug)]
pub struct Binding {
    pub workspace: Option<WorkspaceId>,
    /// The template of the route, and what else tells lists at one address apart.
    pub endpoint: String,
    pub filter: String,
    pub sort: String,
}

/// Signs cursors. Made from the secret of the installation, so a cursor outlives a restart and works on any node.
#[derive(Clone)]
pub struct Signer(hmac::Key);

/// The refusal of every cursor that is not good here; it does not say why.
pub(crate) fn bad() -> Error {
    Error::malformed("bad_cursor", "The cursor is not one of this list. Begin again with an empty cursor.")
        .at_field("cursor", "bad_cursor", "is not a cursor of this list, filter and sort")
}

impl Signer {
    pub fn new(installation_secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, installation_secret);
        let derived = hmac::sign(&root, b"mainstay: cursors of lists, 1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    pub fn seal(&self, position: &Position, binding: &Binding) -> String {
        let place = encode(position);
        let tag = hmac::sign(&self.0, &signed(&place, binding));
        BASE64_URL_SAFE_NO_PAD.encode([tag.as_ref(), &place].concat())
    }

    /// The place, if this list gave the cursor out. Anything else is 400 `bad_cursor`.
    pub fn open(&self, text: &str, binding: &Binding) -> Result<Position> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (tag, place) = bytes.split_at_checked(TAG_LEN).ok_or_else(bad)?;
        hmac::verify(&self.0, &signed(place, binding), tag).map_err(|_| bad())?;
        decode(place).ok_or_else(bad)
    }
}

/// Every part with its length before it, so that no two lists sign the same bytes.
fn signed(place: &[u8], binding: &Binding) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128 + place.len());
    let workspace: &[u8] = binding.workspace.as_ref().map_or(&[], |id| id.as_bytes());
    for part in
        [workspace, binding.endpoint.as_bytes(), binding.filter.as_bytes(), binding.sort.as_bytes(), place]
    {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The place as bytes: flags, then each value as a letter and its bytes.
pub fn encode(position: &Position) -> Vec<u8> {
    let mut bytes = vec![u8::from(position.backward) | u8::from(position.inclusive) << 1];
    for key in &position.keys {
        match key {
            Scalar::Null => bytes.push(b'n'),
            Scalar::Int(value) => put(&mut bytes, b'i', &value.to_be_bytes()),
            Scalar::Real(value) => put(&mut bytes, b'r', &value.to_bits().to_be_bytes()),
            Scalar::Text(value) => put_long(&mut bytes, b't', value.as_bytes()),
            Scalar::Bytes(value) => put_long(&mut bytes, b'b', value),
        }
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, letter: u8, value: &[u8]) {
    bytes.push(letter);
    bytes.extend_from_slice(value);
}

fn put_long(bytes: &mut Vec<u8>, letter: u8, value: &[u8]) {
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    put(bytes, letter, &length.to_be_bytes());
    bytes.extend_from_slice(&value[..length as usize]);
}

/// Reads exactly what [`encode`] writes. Pure, for any bytes at all.
pub fn decode(bytes: &[u8]) -> Option<Position> {
    let (&flags, mut rest) = bytes.split_first()?;
    if flags > 3 {
        return None;
    }
    let mut keys = Vec::new();
    while let Some((&letter, after)) = rest.split_first() {
        rest = after;
        keys.push(match letter {
            b'n' => Scalar::Null,
            b'i' => Scalar::Int(i64::from_be_bytes(take_eight(&mut rest)?)),
            b'r' => Scalar::Real(f64::from_bits(u64::from_be_bytes(take_eight(&mut rest)?))),
            b't' => Scalar::Text(String::from_utf8(take_long(&mut rest)?.to_vec()).ok()?),
            b'b' => Scalar::Bytes(take_long(&mut rest)?.to_vec()),
            _ => return None,
        });
        if keys.len() > MAX_KEYS {
            return None;
        }
    }
    Some(Position { backward: flags & 1 != 0, inclusive: flags & 2 != 0, keys })
}

fn take_eight(rest: &mut &[u8]) -> Option<[u8; 8]> {
    let (head, tail) = rest.split_first_chunk::<8>()?;
    *rest = tail;
    Some(*head)
}

fn take_long<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let (value, tail) = tail.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = tail;
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use types::Time;

    use super::*;

    fn here() -> (Signer, Position, Binding) {
        let position = Position {
            backward: false,
            inclusive: false,
            keys: vec![Scalar::Int(7), Scalar::Text("roof".into()), Scalar::Bytes(vec![1; 16])],
        };
        let binding = Binding {
            workspace: Some(WorkspaceId::at(Time::from_millis(1))),
            endpoint: "/api/v1/projects".into(),
            filter: "status = 'open'".into(),
            sort: "-created_at,-id,".into(),
        };
        (Signer::new(&[9; 32]), position, binding)
    }

    #[test]
    fn a07_cursor_from_another_tenant_route_filter_or_sort() {
        let (signer, position, binding) = here();
        let text = signer.seal(&position, &binding);
        assert_eq!(signer.open(&text, &binding).unwrap(), position);
        let elsewhere = [
            Binding { workspace: Some(WorkspaceId::at(Time::from_millis(1))), ..binding.clone() },
            Binding { workspace: None, ..binding.clone() },
            Binding { endpoint: "/api/v1/tickets".into(), ..binding.clone() },
            Binding { filter: String::new(), ..binding.clone() },
            Binding { sort: "+created_at,+id,".into(), ..binding.clone() },
            // The same bytes in a row, cut at another place.
            Binding {
                endpoint: "/api/v1/projectss".into(),
                filter: "tatus = 'open'".into(),
                ..binding.clone()
            },
        ];
        for other in elsewhere {
            assert_eq!(signer.open(&text, &other).unwrap_err().code(), "bad_cursor", "{other:?}");
        }
        assert!(Signer::new(&[8; 32]).open(&text, &binding).is_err());
        assert!(Signer::new(&[9; 32]).open(&text, &binding).is_ok());
    }

    #[test]
    fn a07_cursor_that_was_tampered_with() {
        let (signer, position, binding) = here();
        let text = signer.seal(&position, &binding);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
                assert_eq!(signer.open(&changed, &binding).unwrap_err().code(), "bad_cursor");
            }
        }
        for wrong in
            ["x", "", "====", &text[1..], &text[..text.len() - 1], &format!("{text}A"), &format!("{text} ")]
        {
            assert_eq!(signer.open(wrong, &binding).unwrap_err().code(), "bad_cursor", "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_place_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(position) = decode(&bytes) {
                prop_assert_eq!(encode(&position), bytes);
            }
        }

        #[test]
        fn any_text_is_refused(text in ".{0,80}") {
            let (signer, _, binding) = here();
            prop_assert!(signer.open(&text, &binding).is_err());
        }
    }
}
