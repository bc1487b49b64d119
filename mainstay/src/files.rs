//! How many files and sockets this process may have open, and how many of them are for callers.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for what is no connection of a caller: the database, other servers, the log.
pub(crate) const OWN: u64 = 256;

/// Most systems begin with a thousand and allow more: takes what is allowed.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Refused, it stays as it was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}

pub(crate) fn allowed() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The connections that there is room for: whoever comes beyond them is told so, which needs a descriptor as well.
pub(crate) fn connections(wanted: u32) -> usize {
    let room = room(allowed());
    if room < u64::from(wanted) {
        tracing::warn!(
            wanted,
            room,
            "fewer connections are accepted than server.max_connections says: raise the limit of open files"
        );
    }
    usize::try_from(room.min(u64::from(wanted))).unwrap_or(usize::MAX)
}

fn room(allowed: u64) -> u64 {
    (allowed - OWN.min(allowed / 2)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_always_left_for_the_house_itself() {
        for (allowed, left) in [(256, 128), (1024, 768), (20_000, 19_744), (1, 1), (0, 1)] {
            assert_eq!(room(allowed), left, "{allowed}");
        }
        assert_eq!(room(u64::MAX), u64::MAX - OWN);
    }
}
