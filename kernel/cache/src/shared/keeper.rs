//! Keeps a connection to the store: makes it, looks at it every second, and makes another when it was lost.
//!
//! Requests never connect and never wait for a connection: while there is none they count alone.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo as _};
use tasks::Stopping;
use tokio::time::Instant;

use super::{BadStore, Question, Shared, SharedOptions};
use crate::verdict::Key;

/// Between two attempts to reach it: from the first to the second, doubling.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A connection that was good for so long is no sign of trouble when it is lost.
const STEADY: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(1);
/// Between two looks at a connection that nobody uses.
const LOOK: Duration = Duration::from_secs(1);

pub(super) fn client(options: &SharedOptions) -> Result<Client, BadStore> {
    let mut info = options.url.as_str().into_connection_info().map_err(|_| BadStore::Address)?;
    if !options.password.is_empty() {
        let settings = info.redis_settings().clone().set_password(&options.password);
        info = info.set_redis_settings(settings);
    }
    Client::open(info).map_err(|_| BadStore::Certificates)
}

pub(super) async fn keep(shared: Arc<Shared>, client: Client, stopping: Stopping) {
    tokio::select! {
        () = stopping.stopped() => {}
        () = forever(&shared, &client) => {}
    }
}

async fn forever(shared: &Shared, client: &Client) {
    let mut pause = FIRST_PAUSE;
    for number in 1.. {
        let began = Instant::now();
        match connect(shared, client).await {
            Ok(link) => {
                *shared.link.lock() = Some((number, link));
                shared.tell(Ok(()));
                watch(shared, number).await;
            }
            Err(why) => shared.tell(Err(&why)),
        }
        pause = if began.elapsed() > STEADY { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::time::sleep(pause).await;
    }
}

/// A connection that was seen to count, as fast as it has to.
pub(super) async fn connect(shared: &Shared, client: &Client) -> Result<MultiplexedConnection, String> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let connected = tokio::time::timeout(CONNECT, connecting).await;
    let mut link =
        connected.map_err(|_| "it can not be reached in time")?.map_err(|error| error.to_string())?;
    // The first time the script has to be sent as well.
    for last in [false, true] {
        match tokio::time::timeout(shared.wait, shared.say(&mut link, probe())).await {
            Ok(Ok(_)) => return Ok(link),
            Ok(Err(why)) => return Err(why),
            Err(_) if last => return Err("it does not answer in time".to_owned()),
            Err(_) => {}
        }
    }
    Err("it does not answer in time".to_owned())
}

/// Returns when the connection is lost.
async fn watch(shared: &Shared, number: u64) {
    loop {
        tokio::select! {
            () = shared.lost.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
        match shared.link.lock().as_ref() {
            Some((current, _)) if *current == number => {}
            _ => return,
        }
        let _ = shared.ask(probe()).await;
    }
}

/// Counts and changes nothing that anybody is limited by, but has to be allowed to write.
fn probe() -> Question<'static> {
    let key = Key::new("probe", "probe");
    Question { add: 1, key, limit: u32::MAX, span: Duration::from_secs(1), now: types::Time::from_millis(0) }
}
