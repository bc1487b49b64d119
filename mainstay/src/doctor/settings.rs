//! Checks of the settings.

use std::os::unix::fs::MetadataExt as _;

use config::sections::{General, Server};
use futures_util::future::{BoxFuture, ready};

use super::{Finding, Patient};
use crate::folder::SECRET_FILE;

pub(super) fn configuration(patient: &Patient) -> BoxFuture<'_, Finding> {
    let changed = patient.settings.show().iter().filter(|one| one.origin != config::Origin::Default).count();
    let production = patient.settings.get::<General>().is_production();
    Box::pin(ready(if production {
        Finding::ok(format!("valid, {changed} settings differ from their defaults"))
    } else {
        Finding::warn("development mode", "For others to use it, set mode = \"production\".")
    }))
}

pub(super) fn secret(patient: &Patient) -> BoxFuture<'_, Finding> {
    let server = patient.settings.get::<Server>();
    let finding = if server.secret.is_empty() {
        match std::fs::symlink_metadata(patient.folder.join(SECRET_FILE)) {
            Err(_) => Finding::warn("there is none yet", "The first start makes one in the data folder."),
            Ok(about) if !about.is_file() => {
                Finding::fail("secret.key is no plain file", "Put the file itself there, no link.")
            }
            Ok(about) if about.mode() & 0o077 != 0 => Finding::fail(
                format!("others may read secret.key (mode {:03o})", about.mode() & 0o777),
                "chmod 600 it; if they may have read it, replace it, which ends all sessions.",
            ),
            Ok(_) => Finding::ok("32 random bytes in secret.key"),
        }
    } else {
        let secret = server.secret.expose();
        let mut kinds: Vec<u8> = secret.bytes().collect();
        kinds.sort_unstable();
        kinds.dedup();
        if secret.len() < 32 || kinds.len() < 10 {
            Finding::fail(
                "server.secret can be guessed: it is short, or made of few characters",
                "Make one with: openssl rand -base64 48. Changing it ends all sessions.",
            )
        } else {
            Finding::ok(format!("server.secret, {} bytes", secret.len()))
        }
    };
    Box::pin(ready(finding))
}

pub(super) fn public_url(patient: &Patient) -> BoxFuture<'_, Finding> {
    let server = patient.settings.get::<Server>();
    let hint = "Set server.public_url to the https address people use.";
    Box::pin(ready(match &server.public_url {
        None => Finding::warn("not set: links point at the listen address", hint),
        Some(url) if url.scheme() != "https" => Finding::warn(format!("{} is not https", url.expose()), hint),
        Some(url) => Finding::ok(url.expose()),
    }))
}

pub(super) fn proxies(patient: &Patient) -> BoxFuture<'_, Finding> {
    let server = patient.settings.get::<Server>();
    let https = server.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    Box::pin(ready(if server.trusted_proxies.is_empty() && https {
        Finding::warn(
            "people come through https, and no proxy is trusted: every caller has the proxy's address",
            "Set server.trusted_proxies to the proxy's address, or limits and bans hit everybody at once.",
        )
    } else if server.trusted_proxies.is_empty() {
        Finding::ok("none is trusted; callers have the address they connect from")
    } else {
        let list: Vec<String> = server.trusted_proxies.iter().map(ToString::to_string).collect();
        Finding::ok(format!("trusted: {}", list.join(", ")))
    }))
}
