//! Work that comes back at intervals.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::group::{Stopping, report_panic};

pub(crate) async fn run<F, Fut, E>(
    name: &'static str,
    period: Duration,
    jittered: bool,
    stopping: Stopping,
    mut work: F,
) where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: fmt::Debug,
{
    let mut wait = if jittered { period.mul_f64(rand::random_range(0.0..1.0)) } else { period };
    loop {
        tokio::select! {
            () = stopping.stopped() => return,
            () = tokio::time::sleep(wait) => {}
        }
        match AssertUnwindSafe(async { work().await }).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                metrics::counter!("mainstay_upkeep_failures_total", "task" => name).increment(1);
                tracing::error!(task = name, ?error, "upkeep failed; it is tried again at its next turn");
            }
            Err(panic) => report_panic(name, panic.as_ref()),
        }
        wait = if jittered { period.mul_f64(rand::random_range(0.9..1.1)) } else { period };
    }
}
