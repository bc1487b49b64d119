//! What the terminal and the supervisor say: the first signal asks for an orderly end, the second ends at once.

use tasks::TaskGroup;
use tokio::signal::unix::{SignalKind, signal};

use super::Exit;

/// Listens until the process ends. `group` is told to stop by the first SIGTERM or SIGINT.
pub(crate) fn listen(group: &TaskGroup) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = group.clone();
    // Not in the group: shutdown must not wait for it.
    TaskGroup::new()
        .spawn("signals", async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "stopping; a second signal ends the process at once");
            told.stop();
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            #[allow(clippy::exit, reason = "the second signal asks for exactly this")]
            std::process::exit(Exit::Interrupted as i32);
        })
        .detach();
    Ok(())
}
