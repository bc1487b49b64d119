//! The side of the server.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tasks::TaskGroup;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use types::Result;

use super::{LONGEST, address};
use crate::orders::Order;

/// What does the work.
pub(crate) type Handler = Arc<dyn Fn(Order) -> BoxFuture<'static, Result<Value>> + Send + Sync>;

const AT_ONCE: usize = 4;
const PATIENCE: Duration = Duration::from_secs(30);

/// The open socket; [`Control::close`] takes it away.
pub(crate) struct Control {
    path: PathBuf,
}

impl Control {
    pub(crate) fn close(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the socket and answers until `tasks` is told to stop. The caller holds the lock of the folder, so a socket
/// that is there already was left by a process that is gone.
pub(crate) fn open(folder: &Path, tasks: &TaskGroup, handler: Handler) -> std::io::Result<Control> {
    let (path, _folder) = address(folder)?;
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let (stopping, group, room) = (tasks.stopping(), tasks.clone(), Arc::new(Semaphore::new(AT_ONCE)));
    tasks
        .spawn("control", async move {
            loop {
                let stream = tokio::select! {
                    () = stopping.stopped() => return,
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => stream,
                        Err(error) => {
                            tracing::warn!(%error, "the control socket can not accept");
                            tokio::time::sleep(Duration::from_millis(200)).await;
                            continue;
                        }
                    },
                };
                let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
                let handler = Arc::clone(&handler);
                let work = async move {
                    let _permit = permit;
                    let _ = tokio::time::timeout(PATIENCE, converse(stream, handler)).await;
                };
                group.spawn("control order", work).detach();
            }
        })
        .detach();
    Ok(Control { path: folder.join(super::SOCKET) })
}

async fn converse(stream: UnixStream, handler: Handler) -> std::io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != 0 && peer != rustix::process::geteuid().as_raw() {
        tracing::warn!(user = peer, "another user was refused at the control socket");
        return Ok(());
    }
    let (from, mut to) = stream.into_split();
    let mut line = String::new();
    BufReader::new(from.take(LONGEST)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Order>(&line) {
        Ok(order) => match handler(order).await {
            Ok(value) => json!({ "ok": value }),
            Err(error) => refusal(&error),
        },
        // The text is not repeated: a password may stand in it.
        Err(_) => json!({ "error": { "code": "unknown_order", "kind": "malformed",
            "message": "The running server does not know this command: is it another version?", "why": [] } }),
    };
    to.write_all(format!("{answer}\n").as_bytes()).await?;
    to.shutdown().await
}

fn refusal(error: &types::Error) -> Value {
    let why: Vec<String> = error
        .fields()
        .iter()
        .map(|field| format!("{}: {}", field.path.trim_start_matches('/'), field.message))
        .collect();
    if error.kind() == types::Kind::Internal {
        tracing::error!(error = error.detail(), "an order at the control socket failed");
    }
    let kind = super::client::KINDS
        .iter()
        .find(|(_, kind)| *kind == error.kind())
        .map_or("internal", |(name, _)| name);
    json!({ "error": { "code": error.code(), "kind": kind, "message": error.message(), "why": why } })
}
