//! A TCP proxy that breaks connections at a chosen moment.
//!
//! It knows bytes, not protocols: a moment is a number of bytes, or bytes that pass.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::breaks::{Break, Breaks, Way};
use crate::passing::pass;

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
pub(crate) struct Plan {
    pub(crate) pattern: Option<(Vec<u8>, When)>,
    pub(crate) cut_after: Option<u64>,
    pub(crate) delay: Duration,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) target: SocketAddr,
    pub(crate) plan: Mutex<Plan>,
    pub(crate) breaks: Breaks,
    pub(crate) fired: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) refusing: AtomicBool,
    pub(crate) hanging: watch::Sender<bool>,
    pub(crate) generation: watch::Sender<u64>,
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
