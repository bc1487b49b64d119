//! Numbers with a unit: spans of time and amounts of bytes.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Kind, Setting, expected};

const SPANS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

impl Setting for Duration {
    fn kind() -> Kind {
        Kind::text("a duration (ms, s, m, h, d, w)", "\"10s\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        let read = value.as_str().and_then(|text| amount(text, &SPANS)).map(Self::from_millis);
        read.ok_or_else(expected::<Self>)
    }

    fn shown(&self) -> Value {
        let ms = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) = largest(ms, &SPANS[..5]);
        json!(format!("{}{unit}", ms / size))
    }
}

const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];
const SHOWN_SIZES: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// An amount of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// As a length in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, size) = largest(self.0, &SHOWN_SIZES);
        write!(f, "{} {unit}", self.0 / size)
    }
}

impl Setting for ByteSize {
    fn kind() -> Kind {
        Kind::text("an amount of bytes (B, KiB, MiB, GiB)", "\"1 MiB\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        value.as_str().and_then(|text| amount(text, &SIZES)).map(Self).ok_or_else(expected::<Self>)
    }

    fn shown(&self) -> Value {
        json!(self.to_string())
    }
}

/// The largest unit that the number is a whole multiple of.
fn largest(number: u64, units: &[(&'static str, u64)]) -> (&'static str, u64) {
    let whole = units.iter().rev().find(|(_, size)| number > 0 && number.is_multiple_of(*size));
    *whole.unwrap_or(&units[usize::from(number == 0 && units[0].0 == "ms")])
}

/// Reads `1h30m` or `1 MiB`; the sum of its parts, nothing when it does not fit or has no unit.
fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (_, size) = units.iter().find(|(unit, _)| *unit == &rest[..letters])?;
        total = total.checked_add(number.checked_mul(*size)?)?;
        rest = rest[letters..].trim_start();
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Option<u64> {
        Duration::from_text(text).ok().map(|d| u64::try_from(d.as_millis()).unwrap())
    }

    #[test]
    fn spans_are_read_and_shown_in_the_largest_unit() {
        assert_eq!(span("10s"), Some(10_000));
        assert_eq!(span("1h30m"), Some(5_400_000));
        assert_eq!(span("0s"), Some(0));
        for bad in ["", "10", "s", "10 parsecs", "-1s", "1.5h", "99999999999999999999s", "99999999999999999w"]
        {
            assert_eq!(span(bad), None, "{bad}");
        }
        assert_eq!(Duration::from_mins(90).shown(), "90m");
        assert_eq!(Duration::from_hours(24).shown(), "1d");
        assert_eq!(Duration::ZERO.shown(), "0s");
    }

    #[test]
    fn amounts_of_bytes_are_read_and_shown() {
        assert_eq!(ByteSize::from_text("1 MiB").unwrap(), ByteSize(1 << 20));
        assert_eq!(ByteSize::from_text("64KiB").unwrap(), ByteSize(65_536));
        assert!(ByteSize::from_text("1 mib").is_err(), "mib could be millibits");
        assert!(ByteSize::from_text("99999999 TiB").is_err());
        assert_eq!(ByteSize(1 << 20).to_string(), "1 MiB");
        assert_eq!(ByteSize(1_000).to_string(), "1000 B");
        assert_eq!(ByteSize(0).to_string(), "0 B");
    }
}
