//! Passing bytes through a proxy, and looking for the moment at which it is to break.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use crate::breaks::{Break, Way};
use crate::proxy::{State, When};

pub(crate) async fn pass(client: TcpStream, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(state.target).await else { return };
    // Dropping a socket then sends a reset, which is what a crash or a firewall looks like.
    let _ = client.set_zero_linger();
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let mut generation = state.generation.subscribe();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (swallow, swallowing) = watch::channel(false);
    let (answered_tx, answered) = watch::channel(0_u64);
    tokio::select! {
        _ = generation.changed() => {}
        () = upstream(from_client, to_server, &state, swallow, answered) => {}
        () = downstream(from_server, to_client, &state, swallowing, answered_tx) => {}
    }
}

/// From the client to the server, looking for the moment.
async fn upstream(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &State,
    swallow: watch::Sender<bool>,
    mut answered: watch::Receiver<u64>,
) {
    let mut piece = vec![0; 16 * 1024];
    let mut tail: Vec<u8> = Vec::new();
    let mut passed = 0_u64;
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let bytes = &piece[..length];
        hold(state).await;
        match moment(state, &mut tail, bytes, passed) {
            Moment::None => {}
            Moment::CutAt(keep) => {
                let _ = to.write_all(&bytes[..keep]).await;
                let _ = to.flush().await;
                return;
            }
            Moment::Pattern(When::Before) => return,
            Moment::Pattern(When::Hang) => std::future::pending().await,
            Moment::Pattern(When::Answered) => {
                swallow.send_replace(true);
                answered.mark_unchanged();
                if to.write_all(bytes).await.is_ok() {
                    let _ = answered.changed().await;
                }
                return;
            }
        }
        if !forward(state, Way::ToServer, &mut to, bytes).await {
            return;
        }
        passed += length as u64;
    }
}

/// From the server to the client.
async fn downstream(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &State,
    swallowing: watch::Receiver<bool>,
    answered: watch::Sender<u64>,
) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        hold(state).await;
        if *swallowing.borrow() {
            answered.send_modify(|count| *count += 1);
            continue;
        }
        if !forward(state, Way::ToClient, &mut to, &piece[..length]).await {
            return;
        }
    }
}

/// Passes bytes on, up to where it is to break; tells whether the connection goes on.
async fn forward(state: &State, way: Way, to: &mut OwnedWriteHalf, bytes: &[u8]) -> bool {
    let (keep, what) = state.breaks.take(way, bytes);
    if !send(state, to, &bytes[..keep]).await {
        return false;
    }
    match what {
        None => true,
        Some(Break::Cut) => false,
        Some(Break::Hang) => {
            state.hanging.send_replace(true);
            hold(state).await;
            send(state, to, &bytes[keep..]).await
        }
        Some(Break::Gone) => {
            state.refusing.store(true, Ordering::SeqCst);
            state.generation.send_modify(|generation| *generation += 1);
            false
        }
    }
}

async fn send(state: &State, to: &mut OwnedWriteHalf, bytes: &[u8]) -> bool {
    if !state.breaks.trickle.load(Ordering::SeqCst) {
        return to.write_all(bytes).await.is_ok();
    }
    for byte in bytes {
        if to.write_all(std::slice::from_ref(byte)).await.is_err() {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

/// Waits out the delay, and as long as the proxy hangs.
async fn hold(state: &State) {
    let delay = state.plan.lock().unwrap_or_else(PoisonError::into_inner).delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let _ = state.hanging.subscribe().wait_for(|hanging| !hanging).await;
}

enum Moment {
    None,
    CutAt(usize),
    Pattern(When),
}

/// Whether the moment is in these bytes. A pattern may begin in the piece before, so its tail is kept.
fn moment(state: &State, tail: &mut Vec<u8>, bytes: &[u8], passed: u64) -> Moment {
    let mut plan = state.plan.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(limit) = plan.cut_after
        && passed + bytes.len() as u64 > limit
    {
        plan.cut_after = None;
        state.fired.fetch_add(1, Ordering::SeqCst);
        return Moment::CutAt(usize::try_from(limit.saturating_sub(passed)).unwrap_or(0));
    }
    let Some((pattern, when)) = plan.pattern.clone() else {
        tail.clear();
        return Moment::None;
    };
    tail.extend_from_slice(bytes);
    if tail.windows(pattern.len().max(1)).any(|window| window == pattern) {
        plan.pattern = None;
        state.fired.fetch_add(1, Ordering::SeqCst);
        return Moment::Pattern(when);
    }
    let keep = tail.len().min(pattern.len().saturating_sub(1));
    tail.drain(..tail.len() - keep);
    Moment::None
}
