//! From a name to addresses, once for each attempt: what was vetted is what is connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tasks::TaskGroup;

use crate::address::Allowed;
use crate::error::{Error, Refusal};
use crate::faults::{Fault, planted};
use crate::target::{Host, Target};
use crate::turns::Turn;

/// Addresses that are tried at most; a name may have any number.
const MOST: usize = 4;

/// Looks names up. Tests bring one whose answers change.
pub trait Resolve: Send + Sync {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// As the system does it: hosts file, search domains, DNS.
pub(crate) struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Looks names up for requests. A look-up of the system holds a thread until it has an answer, however long ago the request
/// was given up, so it holds the request's turn as well: names whose servers say nothing cost their own lane its places, and
/// never more threads than there are turns.
pub(crate) struct Lookups {
    resolver: Arc<dyn Resolve>,
    tasks: TaskGroup,
}

impl Lookups {
    pub(crate) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, tasks: TaskGroup::new() }
    }

    async fn ask(&self, name: &str, turn: &Arc<Turn>) -> io::Result<Vec<IpAddr>> {
        let (resolver, name, turn) = (Arc::clone(&self.resolver), name.to_owned(), Arc::clone(turn));
        let look = async move {
            let found = resolver.resolve(&name).await;
            drop(turn);
            found
        };
        // Whoever stops waiting drops the handle, and the look-up goes on.
        self.tasks.spawn("look-up of a name", look).await.map_err(io::Error::other)?
    }
}

/// The addresses to connect to. One that may not be reached refuses all of them: a name that leads inside and outside is
/// not an accident.
pub(crate) async fn vetted(
    lookups: &Lookups,
    target: &Target,
    allowed: Allowed<'_>,
    turn: &Arc<Turn>,
) -> Result<Vec<SocketAddr>, Error> {
    if !allowed.port(target.port) {
        return Err(Refusal::Port.into());
    }
    let found = addresses(lookups, &target.host, turn).await?;
    if !planted(Fault::VetNothing) && !found.iter().all(|address| allowed.address(*address)) {
        return Err(Refusal::Address.into());
    }
    let found =
        if planted(Fault::ResolveAgain) { addresses(lookups, &target.host, turn).await? } else { found };
    Ok(found.into_iter().take(MOST).map(|address| SocketAddr::new(address, target.port)).collect())
}

async fn addresses(lookups: &Lookups, host: &Host, turn: &Arc<Turn>) -> Result<Vec<IpAddr>, Error> {
    let name = match host {
        Host::Address(address) => return Ok(vec![*address]),
        Host::Name(name) => name,
    };
    let unreachable = |cause: String| Error::Unreachable { host: name.clone(), cause };
    let found = lookups.ask(name, turn).await.map_err(|error| unreachable(error.to_string()))?;
    if found.is_empty() { Err(unreachable("the name has no address".to_owned())) } else { Ok(found) }
}
