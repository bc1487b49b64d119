//! The last stage: the whole house answers. Its undo is the beginning of every shutdown.

use std::sync::Arc;
use std::time::Duration;

use config::sections::{General, Server};
use futures_util::future::BoxFuture;
use tasks::stages::{Failure, Undo};
use tokio::net::TcpListener;
use web::App;
use web::edge::{Check, CheckState, Edge, MetricsDoor};

use super::{House, Purpose, door, faults, options};
use crate::cli::Exit;

/// Between "not ready any more" and the end of accepting, so that balancers can take the node out.
const NOTICE: Duration = Duration::from_millis(500);

pub(super) fn open(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let settings = house.settings().clone();
        let server = settings.get::<Server>();
        let app = house.app().clone();
        let door = Arc::clone(house.door.as_ref().expect("the graph runs `door` first"));
        let metrics = house.telemetry.clone().expect("the graph runs `telemetry` first").metrics;
        let token = Some(server.metrics_token.expose().to_owned()).filter(|token| !token.is_empty());
        let numbers = MetricsDoor { token, render: Arc::new(move || metrics.render()) };
        // A worker has nothing to say but how it is.
        let serves = house.wanted.purpose == Purpose::Serve;
        let probes = house.probes.routes::<()>();
        let mut router = if serves { app.router().merge(probes) } else { probes };
        let mut apart = None;
        match server.metrics_listen {
            Some(address) => apart = Some(open_metrics(house, address, numbers).await?),
            None => router = router.merge(numbers.guarded::<()>()),
        }
        door.edge.swap(router);
        house.probes.up(checks(&app));
        let probes = house.probes.clone();
        let notice = if settings.get::<General>().is_production() { NOTICE } else { Duration::ZERO };
        let connections = house.connections.clone();
        let limit = server.drain + Duration::from_secs(5);
        Ok(Undo::new(async move {
            probes.draining();
            tokio::time::sleep(notice).await;
            if faults::planted(faults::NO_DRAIN) {
                connections.shutdown(Duration::ZERO).await;
            }
            let closed = door.close().await;
            if let Some(apart) = apart {
                apart.close().await?;
            }
            closed
        })
        .within(limit))
    })
}

/// What `/ready` asks.
fn checks(app: &App) -> Vec<Check> {
    let db = app.db().clone();
    let database = Check::new("database", move || {
        let db = db.clone();
        async move { if db.check().await.is_ok() { CheckState::Ok } else { CheckState::Down } }
    });
    // Memory of this process: there is nothing that could be down.
    let cache = Check::new("cache", || std::future::ready(CheckState::Ok));
    vec![database, cache]
}

/// `/metrics` on a listener of its own.
async fn open_metrics(
    house: &House,
    address: std::net::SocketAddr,
    numbers: MetricsDoor,
) -> Result<door::Door, Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!("/metrics can not listen on {address}: {error}"))
            .next_step("Choose another address for server.metrics_listen.")
            .exit(Exit::InUse as u8)
    })?;
    let address = listener.local_addr().map_err(Failure::new)?;
    let options = options::edge(house.settings(), format!("http://{address}")).map_err(Failure::new)?;
    let edge = Edge::new(options, numbers.open::<()>());
    Ok(door::serve(listener, address, edge, options::connections(house.settings()), &house.connections))
}
