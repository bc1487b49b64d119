//! The check of the way mail goes.

use config::sections::{General, Mail};
use futures_util::future::BoxFuture;

use super::{Finding, Patient};

pub(super) fn server(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let settings = patient.settings.get::<Mail>();
        if settings.url.is_none() {
            return if patient.settings.get::<General>().is_production() {
                Finding::warn(
                    "no mail server is set: mail waits for about seventeen hours",
                    "Set mail.url and mail.from.",
                )
            } else {
                Finding::ok("no mail server is set: mail is shown at /dev/mail")
            };
        }
        match mail::Mailer::look(&settings).await {
            Ok(found) => Finding::ok(found),
            Err(error) => Finding::fail(
                format!("{} ({})", error.message(), error.code()),
                "See what docs/guide/mail.md says to this, then try `mainstay mail test ADDRESS`.",
            ),
        }
    })
}
