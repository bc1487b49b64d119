//! From a name to addresses, once for each attempt: what was vetted is what is connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};

use futures_util::future::BoxFuture;

use crate::address::Allowed;
use crate::error::{Error, Refusal};
use crate::faults::{Fault, planted};
use crate::target::{Host, Target};

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

/// The addresses to connect to. One that may not be reached refuses all of them: a name that leads inside and outside is
/// not an accident.
pub(crate) async fn vetted(
    resolver: &dyn Resolve,
    target: &Target,
    allowed: Allowed<'_>,
) -> Result<Vec<SocketAddr>, Error> {
    if !allowed.port(target.port) {
        return Err(Refusal::Port.into());
    }
    let found = addresses(resolver, &target.host).await?;
    if !planted(Fault::VetNothing) && !found.iter().all(|address| allowed.address(*address)) {
        return Err(Refusal::Address.into());
    }
    let found = if planted(Fault::ResolveAgain) { addresses(resolver, &target.host).await? } else { found };
    Ok(found.into_iter().take(MOST).map(|address| SocketAddr::new(address, target.port)).collect())
}

async fn addresses(resolver: &dyn Resolve, host: &Host) -> Result<Vec<IpAddr>, Error> {
    let name = match host {
        Host::Address(address) => return Ok(vec![*address]),
        Host::Name(name) => name,
    };
    let unreachable = |cause: String| Error::Unreachable { host: name.clone(), cause };
    let found = resolver.resolve(name).await.map_err(|error| unreachable(error.to_string()))?;
    if found.is_empty() { Err(unreachable("the name has no address".to_owned())) } else { Ok(found) }
}
