//! Typed public ids: a short prefix, `_`, and a ULID in 26 characters of lower-case Crockford base32.
//!
//! Sixteen bytes inside and in the database; the prefixed text everywhere a person or a client looks.

use std::fmt;

use crate::Time;

/// The sixteen bytes behind every typed id. Sorts by the time it was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 16]);

/// The text was not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of this kind")
    }
}

impl std::error::Error for BadId {}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LEN: usize = 26;

impl Id {
    /// A new id whose first 48 bits are `now` and whose other 80 bits are random.
    pub fn at(now: Time) -> Self {
        let ms = u64::try_from(now.as_millis()).unwrap_or(0);
        Self(
            ulid::Ulid::from_datetime(std::time::UNIX_EPOCH + std::time::Duration::from_millis(ms))
                .to_bytes(),
        )
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The 26 characters, without a prefix.
    pub fn encode(self) -> String {
        let mut value = u128::from_be_bytes(self.0);
        let mut text = [0_u8; TEXT_LEN];
        for slot in text.iter_mut().rev() {
            *slot = ALPHABET[(value & 31) as usize];
            value >>= 5;
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Reads exactly what [`Id::encode`] writes; upper case, look-alike letters and overflow are refused,
    /// so that one thing has one name.
    pub fn decode(text: &str) -> Result<Self, BadId> {
        let bytes = text.as_bytes();
        if bytes.len() != TEXT_LEN || bytes[0] > b'7' {
            return Err(BadId);
        }
        let mut value: u128 = 0;
        for byte in bytes {
            let digit = ALPHABET.iter().position(|letter| letter == byte).ok_or(BadId)?;
            value = (value << 5) | digit as u128;
        }
        Ok(Self(value.to_be_bytes()))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

/// Declares a typed id: `typed_id!(ServiceId, "svc");`.
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $crate::Id);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// A new id, made now.
            pub fn at(now: $crate::Time) -> Self {
                Self($crate::Id::at(now))
            }

            /// The sixteen bytes that the database keeps.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self($crate::Id::from_bytes(bytes))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.encode())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::BadId;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::BadId> {
                let rest = text.strip_prefix(concat!($prefix, "_")).ok_or($crate::BadId)?;
                $crate::Id::decode(rest).map(Self)
            }
        }

        impl From<$name> for $crate::Scalar {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl $crate::FromScalar for $name {
            fn from_scalar(scalar: $crate::Scalar) -> ::std::result::Result<Self, $crate::BadScalar> {
                <$crate::Id as $crate::FromScalar>::from_scalar(scalar).map(Self)
            }
        }

        impl $crate::reexport::serde::Serialize for $name {
            fn serialize<S: $crate::reexport::serde::Serializer>(&self, to: S) -> ::std::result::Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> $crate::reexport::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::reexport::serde::Deserializer<'de>>(from: D) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as $crate::reexport::serde::Deserialize>::deserialize(from)?;
                text.parse().map_err($crate::reexport::serde::de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// A workspace: the tenant everything belongs to.
    WorkspaceId,
    "wsp"
);
typed_id!(
    /// A person who signs in.
    PersonId,
    "per"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_the_same_id() {
        let id = WorkspaceId::at(Time::from_millis(1_700_000_000_000));
        let text = id.to_string();
        assert!(text.starts_with("wsp_0"), "{text}");
        assert_eq!(text.len(), 4 + TEXT_LEN);
        assert_eq!(text.parse::<WorkspaceId>(), Ok(id));
        assert_eq!(WorkspaceId::from_bytes(*id.as_bytes()), id);
    }

    #[test]
    fn one_thing_has_one_name() {
        let text = WorkspaceId::at(Time::from_millis(1)).to_string();
        for wrong in [
            text.to_uppercase(),
            text.replace("wsp_", "per_"),
            text.replace("wsp_", ""),
            format!("{text}0"),
            format!("wsp_8{}", "z".repeat(25)),
            format!("wsp_{}", "i".repeat(26)),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<WorkspaceId>(), Err(BadId), "{wrong}");
        }
    }

    #[test]
    fn later_ids_sort_later() {
        assert!(Id::at(Time::from_millis(1)) < Id::at(Time::from_millis(2)));
        assert!(Id::at(Time::from_millis(1)).encode() < Id::at(Time::from_millis(2)).encode());
    }
}
