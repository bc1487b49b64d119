//! The door: the socket is open from here on, and answers `/health` and `/ready` only.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use config::sections::Server;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tasks::stages::{Failure, Undo};
use tasks::{Task, TaskGroup};
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::edge::{self, Edge, Served, Spawn};

use super::{House, options};
use crate::cli::Exit;

/// The accept loop and how to end it.
pub(crate) struct Door {
    pub address: SocketAddr,
    pub edge: Edge,
    stop: watch::Sender<bool>,
    serving: Mutex<Option<Task<Served>>>,
    limit: Duration,
}

impl Door {
    /// Stops accepting and waits for what is in flight. The second time there is nothing left to do.
    pub(crate) async fn close(&self) -> Result<(), String> {
        self.stop.send_replace(true);
        let Some(serving) = self.serving.lock().take() else { return Ok(()) };
        match tokio::time::timeout(self.limit, serving).await {
            Ok(Ok(served)) if served.cut == 0 => Ok(()),
            Ok(Ok(served)) => Err(format!("{} connections were cut at the deadline", served.cut)),
            Ok(Err(lost)) => Err(lost.to_string()),
            Err(_) => Err("connections did not end in time".to_owned()),
        }
    }
}

pub(super) fn open(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let settings = house.settings().clone();
        let server = settings.get::<Server>();
        let listener =
            TcpListener::bind(server.listen).await.map_err(|error| refused(server.listen, &error))?;
        let address = listener.local_addr().map_err(Failure::new)?;
        let base = crate::orders::base_url(&settings, Some(address));
        let options = options::edge(&settings, base)
            .map_err(|error| Failure::new(format!("routes.aliases: {error}")).exit(Exit::Config as u8))?;
        let edge = Edge::new(options, house.probes.early());
        let limits = options::connections(&settings);
        let door = Arc::new(serve(listener, address, edge, limits, &house.connections));
        house.door = Some(Arc::clone(&door));
        let (connections, limit) = (house.connections.clone(), door.limit);
        Ok(Undo::new(async move {
            let closed = door.close().await;
            connections.shutdown(Duration::from_secs(1)).await;
            closed
        })
        .within(limit + Duration::from_secs(3)))
    })
}

/// Begins to accept.
pub(super) fn serve(
    listener: TcpListener,
    address: SocketAddr,
    edge: Edge,
    limits: edge::ConnectionLimits,
    group: &TaskGroup,
) -> Door {
    let (stop, told) = watch::channel(false);
    let connections = group.clone();
    let spawn: Spawn = Arc::new(move |work| connections.spawn("connection", work).detach());
    let stopping = async move {
        let mut told = told;
        let _ = told.wait_for(|stop| *stop).await;
    };
    let limit = limits.shutdown + Duration::from_secs(2);
    let serving = group.spawn("accept", edge::serve(listener, edge.clone(), limits, spawn, stopping));
    Door { address, edge, stop, serving: Mutex::new(Some(serving)), limit }
}

fn refused(address: SocketAddr, error: &std::io::Error) -> Failure {
    let failure = Failure::new(format!("it can not listen on {address}: {error}"));
    match error.kind() {
        ErrorKind::AddrInUse => failure
            .next_step("Another program listens there. Stop it, or choose another address with --listen.")
            .exit(Exit::InUse as u8),
        ErrorKind::PermissionDenied => failure
            .next_step(
                "Ports below 1024 belong to root. Choose another with --listen, and put a proxy in front.",
            )
            .exit(Exit::Permission as u8),
        _ => failure
            .next_step("Choose an address of this machine with --listen, for example 127.0.0.1:8080.")
            .exit(Exit::Failed as u8),
    }
}
