//! A connection that only listens. It comes back by itself, and whoever waits is woken then too: something may have been missed.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio_postgres::AsyncMessage;

use super::url::Server;

const PAUSE: Duration = Duration::from_millis(500);

/// Until nobody listens any more, or the database is closed.
pub(super) async fn forever(
    server: Server,
    channel: &'static str,
    heard: watch::Sender<u64>,
    mut closing: watch::Receiver<bool>,
) {
    let listening = async {
        loop {
            if let Err(failure) = once(&server, channel, &heard).await {
                tracing::warn!(channel, error = %failure, "nothing is heard from other nodes; listening again shortly");
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = listening => {}
        () = heard.closed() => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
}

async fn once(
    server: &Server,
    channel: &str,
    heard: &watch::Sender<u64>,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = server.config.connect(server.tls.clone()).await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let statement = format!("LISTEN \"{}\"", channel.replace('"', "\"\""));
    let mut asked = std::pin::pin!(client.batch_execute(&statement));
    let mut listens = false;
    loop {
        tokio::select! {
            answer = &mut asked, if !listens => {
                answer?;
                listens = true;
                heard.send_modify(|count| *count += 1);
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(_))) => heard.send_modify(|count| *count += 1),
                Some(Ok(_)) => {}
                Some(Err(failure)) => return Err(failure),
                None => return Ok(()),
            },
        }
    }
}
