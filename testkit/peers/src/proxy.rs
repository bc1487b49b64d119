//! A TCP proxy that breaks connections at a chosen moment.
//!
//! It knows bytes, not protocols: a moment is a number of bytes, or bytes that pass.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::breaks::{Break, Breaks, Way};

/// What to do when the chosen bytes pass from the client to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Cut before the server has seen all of them: it did not happen.
    Before,
    /// Let them pass, wait for the server's answer, throw it away and cut: it happened and the client does not know.
    Answered,
    /// Keep them and everything after, without closing.
    Hang,
}

#[derive(Debug, Default)]
struct Plan {
    pattern: Option<(Vec<u8>, When)>,
    cut_after: Option<u64>,
    delay: Duration,
}

#[derive(Debug)]
struct State {
    target: SocketAddr,
    plan: Mutex<Plan>,
    breaks: Breaks,
    fired: AtomicU64,
    accepted: AtomicU64,
    refusing: AtomicBool,
    hanging: watch::Sender<bool>,
    generation: watch::Sender<u64>,
}

/// Listens on a loopback port and passes bytes to and from the target. Dropping it cuts everything.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Proxy {
    /// A proxy in front of a port of this machine.
    pub fn to(port: u16) -> Self {
        let state = Arc::new(State {
            target: SocketAddr::from(([127, 0, 0, 1], port)),
            plan: Mutex::default(),
            breaks: Breaks::default(),
            fired: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            refusing: AtomicBool::new(false),
            hanging: watch::Sender::new(false),
            generation: watch::Sender::new(0),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime needs only memory");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("the listener is non-blocking");
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, shared) => {}
                }
            });
        });
        Self { port, state, stop: Some(stop), thread: Some(thread) }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Resets every open connection now. New ones are accepted.
    pub fn cut(&self) {
        self.state.generation.send_modify(|generation| *generation += 1);
    }

    /// While true, bytes stop where they are, in both directions, and nothing is closed.
    pub fn hang(&self, hanging: bool) {
        self.state.hanging.send_replace(hanging);
    }

    /// While true, new connections are closed at once.
    pub fn refuse(&self, refusing: bool) {
        self.state.refusing.store(refusing, Ordering::SeqCst);
    }

    /// Waits so long before each piece that is passed on.
    pub fn delay(&self, delay: Duration) {
        self.plan(|plan| plan.delay = delay);
    }

    /// Cuts the next connection that has sent more than `bytes` to the server, after exactly that many. Once.
    pub fn cut_after(&self, bytes: u64) {
        self.plan(|plan| plan.cut_after = Some(bytes));
    }

    /// Acts when `pattern` next passes from a client to the server, on whichever connection. Once.
    pub fn on(&self, pattern: &[u8], when: When) {
        self.plan(|plan| plan.pattern = Some((pattern.to_vec(), when)));
    }

    /// Breaks once `bytes` more have passed that way, counted over all connections from now on.
    pub fn break_after(&self, way: Way, bytes: u64, what: Break) {
        self.state.breaks.set(Some((way, bytes, what)));
    }

    /// Whether what `break_after` asked for has not happened yet.
    pub fn waits(&self) -> bool {
        self.state.breaks.waits()
    }

    /// How many bytes have come that way so far.
    pub fn passed(&self, way: Way) -> u64 {
        self.state.breaks.passed(way)
    }

    /// Remembers from now on where `pattern` last passed in one piece, either way.
    pub fn mark(&self, pattern: &[u8]) {
        self.state.breaks.mark(pattern);
    }

    /// Where what is marked last passed that way, counted like [`Proxy::passed`].
    pub fn mark_at(&self, way: Way) -> Option<u64> {
        self.state.breaks.mark_at(way)
    }

    /// While true, every byte is sent alone.
    pub fn trickle(&self, trickling: bool) {
        self.state.breaks.trickle.store(trickling, Ordering::SeqCst);
    }

    /// Lets everything pass again, whatever was asked for before.
    pub fn open(&self) {
        self.state.breaks.set(None);
        self.plan(|plan| *plan = Plan::default());
        self.trickle(false);
        self.refuse(false);
        self.hang(false);
    }

    /// How often `on` or `cut_after` acted.
    pub fn fired(&self) -> u64 {
        self.state.fired.load(Ordering::SeqCst)
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> u64 {
        self.state.accepted.load(Ordering::SeqCst)
    }

    fn plan(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.state.plan.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        state.accepted.fetch_add(1, Ordering::SeqCst);
        if !state.refusing.load(Ordering::SeqCst) {
            tokio::spawn(pass(client, Arc::clone(&state)));
        }
    }
}

async fn pass(client: TcpStream, state: Arc<State>) {
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
