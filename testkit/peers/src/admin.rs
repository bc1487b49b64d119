//! Statements about whole databases, from any thread, inside a runtime or not.

use tokio_postgres::{Client, Error, NoTls};

/// Runs `work` on a connection of its own, in a thread of its own with a runtime of its own: a caller that is
/// already inside a runtime may not start another one in its thread.
pub(crate) fn with<R: Send>(
    url: &str,
    work: impl AsyncFnOnce(&Client) -> Result<R, Error> + Send,
) -> Result<R, Error> {
    std::thread::scope(|threads| {
        let worker = threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime needs only memory");
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
                let driver = tokio::spawn(connection);
                let outcome = work(&client).await;
                drop(client);
                let _ = driver.await;
                outcome
            })
        });
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Runs statements that answer nothing.
pub(crate) fn run(url: &str, sql: &str) -> Result<(), Error> {
    with(url, async |client| client.batch_execute(sql).await)
}
