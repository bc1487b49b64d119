//! Ends a server and removes its folder when this process is gone, even by `kill -9`.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The shell waits on a pipe that only this process holds open. Its end means that this process is over.
/// The id comes from the server's own file, because the server may have been started again since, and is
/// believed only while that process really works in the folder.
const SCRIPT: &str = r#"
read -r _
data="$1/data"
pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$data" ]; then
    kill -QUIT "$pid"
    tries=0
    while [ -e "$data/postmaster.pid" ] && [ "$tries" -lt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ -e "$data/postmaster.pid" ] && kill -KILL "$pid"
fi
# A server that promises nothing needs no goodbye.
pid=$(cat "$data/server.pid" 2>/dev/null)
if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$data" ]; then
    kill -KILL "$pid"
fi
rm -rf "$1"
"#;

#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the server whose data is in `folder/data`.
    pub(crate) fn over(folder: &Path) -> io::Result<Self> {
        // A process group of its own: Ctrl-C at the terminal must not end the one who cleans up.
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self(shell))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
