//! The check of the store of the limits.

use futures_util::future::BoxFuture;

use super::{Finding, Patient};

pub(super) fn redis(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        // The names of its keys need no secret here: what is counted is a probe, which is gone in a second.
        let Some(options) = crate::startup::limits(&patient.settings, &[]) else {
            return Finding::ok("limits are counted in memory");
        };
        match ::cache::look(&options).await {
            Ok(()) => Finding::ok("Redis counts"),
            Err(why) => Finding::warn(
                format!(
                    "Redis does not count, so each process has limits of its own: {}",
                    telemetry::logs::redact::text(&why)
                ),
                "Look at cache.url and cache.password; docs/guide/outages.md says what a lost Redis means.",
            ),
        }
    })
}
