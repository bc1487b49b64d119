//! The W3C `traceparent` header, read strictly.

/// What a caller sent, or what we made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: [u8; 16],
    parent: [u8; 8],
    sampled: bool,
}

impl TraceParent {
    /// A new trace, with us as its first span.
    pub fn generate() -> Self {
        Self { trace: never_zero(), parent: never_zero(), sampled: true }
    }

    /// Exactly as the recommendation says: lower-case hex, no zero ids, version `ff` refused, version `00` without
    /// anything behind it, later versions with a dash first. `None` means: begin a new trace.
    pub fn parse(header: &str) -> Option<Self> {
        let bytes = header.as_bytes();
        let part = |from: usize, to: usize| bytes.get(from..to);
        if bytes.len() < 55 || bytes[2] != b'-' || bytes[35] != b'-' || bytes[52] != b'-' {
            return None;
        }
        let [version] = hex::<1>(part(0, 2)?)?;
        let ended = match version {
            0xff => false,
            0 => bytes.len() == 55,
            _ => bytes.len() == 55 || bytes[55] == b'-',
        };
        let trace = hex::<16>(part(3, 35)?)?;
        let parent = hex::<8>(part(36, 52)?)?;
        let [flags] = hex::<1>(part(53, 55)?)?;
        let zero = trace == [0; 16] || parent == [0; 8];
        (ended && !zero).then_some(Self { trace, parent, sampled: flags & 1 == 1 })
    }

    /// The same trace, with a new span of ours as the parent of what comes next.
    #[must_use]
    pub fn child(self) -> Self {
        Self { parent: never_zero(), ..self }
    }

    /// 32 hex digits.
    pub fn trace_id(&self) -> String {
        types::hex(&self.trace)
    }

    /// 16 hex digits.
    pub fn parent_id(&self) -> String {
        types::hex(&self.parent)
    }

    pub fn sampled(&self) -> bool {
        self.sampled
    }
}

impl std::fmt::Display for TraceParent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.parent_id(), u8::from(self.sampled))
    }
}

fn never_zero<const N: usize>() -> [u8; N] {
    loop {
        let id: [u8; N] = rand::random();
        if id != [0; N] {
            return id;
        }
    }
}

fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_right_comes_back_the_same() {
        let parent = TraceParent::parse(GOOD).unwrap();
        assert_eq!(parent.to_string(), GOOD);
        assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(parent.sampled());
        let child = parent.child();
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child.parent_id(), parent.parent_id());
        assert!(TraceParent::parse(&format!("01{}-more", &GOOD[2..])).is_some());
        let made = TraceParent::generate();
        assert_eq!(TraceParent::parse(&made.to_string()), Some(made));
    }

    #[test]
    fn what_is_not_right_begins_a_new_trace() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\u{e9}",
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_never_panics(header in "\\PC*") {
            let _ = TraceParent::parse(&header);
        }
    }
}
