//! The check of the providers that people sign in at.

use futures_util::future::BoxFuture;
use types::Clock;

use super::{Finding, Patient};

pub(super) fn providers(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let outbound = match outbound::Outbound::new(&patient.settings, Clock::system()) {
            Ok(outbound) => outbound,
            Err(error) => return Finding::fail(error.to_string(), "Correct outbound.ca_file."),
        };
        let db = patient.db.as_ref().ok();
        let Ok(seen) = identity::look_at_providers(&patient.settings, db, &outbound).await else {
            return Finding::warn("the tables are not there yet", "See the check `migrations`.");
        };
        let enabled = seen.iter().filter(|one| one.enabled);
        let lines: Vec<String> = enabled
            .clone()
            .filter_map(|one| {
                let error = one.keys.as_ref().err()?;
                let cause = telemetry::logs::redact::text(&error.detail()).into_owned();
                Some(format!("{}: {}: {cause}", one.name, error.code()))
            })
            .collect();
        let number = enabled.count();
        if lines.is_empty() && number == 0 {
            return Finding::ok("nobody signs in at another provider");
        }
        if lines.is_empty() {
            return Finding::ok(format!("{number} say who they are and publish their keys"));
        }
        let hint = "See `When it does not work` in docs/guide/sso.md.";
        Finding::fail(format!("{} of {number} can not be used", lines.len()), hint).lines(lines)
    })
}
