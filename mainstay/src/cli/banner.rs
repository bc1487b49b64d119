//! What is said once everything is up: at most 15 lines, or one line of the log where nobody looks.

use std::io::IsTerminal as _;
use std::time::Duration;

use config::sections::{Database, General, Log, LogFormat, Server};

use super::{Out, version::VERSION};
use crate::startup::{House, Purpose};

/// How long the link works that a start prints.
const LINK_LIFE: Duration = Duration::from_mins(30);

pub(crate) async fn show(house: &House, out: &Out) {
    let settings = house.settings();
    let base = crate::orders::base_url(settings, house.listening());
    let missing = not_ready(settings);
    let listening = house.listening().map(|address| address.to_string()).unwrap_or_default();
    let for_people = match settings.get::<Log>().format {
        LogFormat::Json => false,
        LogFormat::Pretty => true,
        LogFormat::Auto => std::io::stderr().is_terminal() || !settings.get::<General>().is_production(),
    };
    if house.wanted.purpose != Purpose::Serve {
        show_worker(house, &listening, for_people, out);
        return;
    }
    let set_up = identity::setup::is_done(house.db()).await.unwrap_or(true);
    if !for_people {
        let setup = if set_up { "done" } else { "open: run `mainstay setup-link`" };
        tracing::info!(version = VERSION, listening, base, setup, not_ready = missing.join("; "), "serving");
        return;
    }
    // The lines of the log before it are out first.
    if let Some(telemetry) = &house.telemetry {
        telemetry.logs.queue().flush(Duration::from_secs(1));
    }
    let mut lines = vec![
        format!("Mainstay {VERSION}"),
        format!("  data       {}", house.folder().display()),
        format!("  settings   {}", settings_file(house)),
        format!("  database   {}", database(settings)),
        format!("  files      {}", settings.get::<config::sections::Storage>().url.scheme()),
        format!("  listening  {base} ({listening})"),
    ];
    if !set_up {
        match identity::setup::link(house.app(), &base, LINK_LIFE).await {
            Ok(link) => {
                lines.push(format!("  setup      {link}"));
                lines.push(format!(
                    "             makes the first administrator; good for {} minutes",
                    LINK_LIFE.as_secs() / 60
                ));
            }
            Err(error) => tracing::warn!(error = error.detail(), "no setup link could be made"),
        }
    }
    if !missing.is_empty() {
        lines.push("  not ready for production because".to_owned());
        // Two lines are left for what comes after.
        lines.extend(missing.iter().take(5).map(|reason| format!("    - {reason}")));
    }
    lines.push("  Ctrl-C stops it".to_owned());
    out.progress(&lines.join("\n"));
}

fn show_worker(house: &House, listening: &str, for_people: bool, out: &Out) {
    tracing::info!(version = VERSION, listening, "running jobs");
    if !for_people {
        return;
    }
    let probes =
        if listening.is_empty() { "nothing listens (--listen opens /health and /ready)" } else { listening };
    out.progress(&format!(
        "Mainstay {VERSION}, worker\n  database   {}\n  probes     {probes}\n  Ctrl-C stops it",
        database(house.settings()),
    ));
}

fn settings_file(house: &House) -> String {
    let file = crate::startup::sources(house.wanted.config.clone(), house.wanted.flags.clone()).file;
    file.map_or_else(
        || "defaults, environment and flags (no file)".to_owned(),
        |path| path.display().to_string(),
    )
}

/// The engine and where it is, without user and password.
pub(crate) fn database(settings: &config::Settings) -> String {
    let section = settings.get::<Database>();
    if section.is_sqlite() {
        return "SQLite in the data folder".to_owned();
    }
    format!("PostgreSQL at {}{}", section.url.host(), section.url.path())
}

/// Why this is not yet an installation for others.
pub(crate) fn not_ready(settings: &config::Settings) -> Vec<String> {
    let server = settings.get::<Server>();
    let mut reasons = Vec::new();
    if !settings.get::<General>().is_production() {
        reasons.push("it runs in development mode".to_owned());
    }
    match &server.public_url {
        None => reasons.push("server.public_url is not set: links point at the listen address".to_owned()),
        Some(url) if url.scheme() != "https" => reasons.push("server.public_url is not https".to_owned()),
        Some(_) => {}
    }
    let open = !server.listen.ip().is_loopback();
    if open && server.trusted_proxies.is_empty() {
        reasons.push(
            "it listens to the network without a proxy for TLS in front (server.trusted_proxies)".to_owned(),
        );
    }
    reasons
}
