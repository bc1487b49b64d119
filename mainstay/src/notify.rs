//! What systemd wants to know (`Type=notify`, `WatchdogSec=`): a line to its socket. Without one, nothing happens.

use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The supervisor, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Supervisor {
    socket: Option<OsString>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// From `NOTIFY_SOCKET` and `WATCHDOG_USEC`.
    pub(crate) fn new(socket: Option<OsString>, watchdog_usec: Option<u64>) -> Self {
        let watchdog = watchdog_usec.filter(|usec| *usec > 0).map(Duration::from_micros);
        Self { socket: socket.filter(|socket| !socket.is_empty()), watchdog }
    }

    /// How often [`Supervisor::alive`] has to be said: twice as often as the supervisor wants to hear it.
    pub(crate) fn beat(&self) -> Option<Duration> {
        self.socket.as_ref().and(self.watchdog).map(|every| every / 2)
    }

    pub(crate) fn ready(&self) {
        self.say("READY=1");
    }

    pub(crate) fn stopping(&self) {
        self.say("STOPPING=1");
    }

    pub(crate) fn status(&self, text: &str) {
        self.say(&format!("STATUS={}", text.replace('\n', " ")));
    }

    pub(crate) fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    fn say(&self, line: &str) {
        let Some(socket) = &self.socket else { return };
        let address = match socket.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
            path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path)),
        };
        let said = address.and_then(|to| UnixDatagram::unbound()?.send_to_addr(line.as_bytes(), &to));
        if let Err(error) = said {
            tracing::debug!(%error, "the supervisor did not hear `{line}`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_hears_and_none_is_no_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let hears = UnixDatagram::bind(&path).unwrap();
        let supervisor = Supervisor::new(Some(path.into()), Some(10_000_000));
        supervisor.ready();
        let mut heard = [0; 64];
        let length = hears.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"READY=1");
        assert_eq!(supervisor.beat(), Some(Duration::from_secs(5)));
        let nobody = Supervisor::new(None, Some(10));
        nobody.stopping();
        assert_eq!(nobody.beat(), None);
    }
}
