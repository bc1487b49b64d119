//! From settings to the options of the kernel's crates.

use std::path::Path;
use std::time::Duration;

use config::Settings;
use config::sections::{Cache, Cors, Database, Routes, Server, Synchronous};
use web::edge;

pub(super) fn database(section: &Database, deadline: Duration, folder: &Path) -> db::Options {
    let mut options = db::Options::new(url(section), folder);
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    options.readers = count(section.readers);
    options.pool = count(section.pool);
    options.queue = count(section.queue);
    options.group = count(section.group);
    options.deadline = section.wait.max(Duration::from_secs(1)).min(deadline);
    options.statement_timeout = deadline;
    options.synchronous = match section.synchronous {
        Synchronous::Full => db::Synchronous::Full,
        Synchronous::Normal => db::Synchronous::Normal,
    };
    options
}

/// The url with the password that was given beside it.
fn url(section: &Database) -> String {
    let url = section.url.expose();
    if section.password.is_empty() || section.is_sqlite() {
        return url.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((user, rest)) = rest.split_once('@') else { return url.to_owned() };
    let user = user.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}:{}@{rest}", encoded(section.password.expose()))
}

/// Where the limits are counted, unless it is in this process.
pub(crate) fn limits(settings: &Settings, secret: &[u8]) -> Option<cache::SharedOptions> {
    let section = settings.get::<Cache>();
    (!section.in_memory()).then(|| cache::SharedOptions {
        url: section.url.expose().to_owned(),
        password: section.password.expose().to_owned(),
        wait: section.wait,
        key: web::Keys::new(secret).derive("limits"),
    })
}

fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// What the layers around the router are held to; asked again whenever a setting changes.
pub(super) fn edge(settings: &Settings, base: String) -> Result<edge::Options, edge::BadAlias> {
    let server = settings.get::<Server>();
    let routes = settings.get::<Routes>();
    let pairs = routes.aliases.iter().map(|(from, to)| (from.as_str(), to.as_str()));
    Ok(edge::Options {
        public_url: base,
        trusted_proxies: server.trusted_proxies.clone(),
        cors_origins: settings.get::<Cors>().origins.clone(),
        aliases: edge::Aliases::new(pairs)?,
        deadline: server.request_deadline,
        body_limit: server.json_limit.0,
        header_bytes: usize::try_from(server.header_limit.0).unwrap_or(usize::MAX),
        header_count: usize::try_from(server.header_count).unwrap_or(usize::MAX),
        ..edge::Options::default()
    })
}

pub(super) fn connections(settings: &Settings) -> edge::ConnectionLimits {
    let server = settings.get::<Server>();
    let limits = edge::ConnectionLimits::default();
    edge::ConnectionLimits {
        connections: crate::files::connections(server.max_connections),
        head: server.header_deadline,
        // The whole shutdown has to fit into `drain`: jobs end after the connections, and the rest takes a moment as well.
        shutdown: server
            .drain
            .saturating_sub(super::work::grace(settings) + Duration::from_secs(2))
            .max(Duration::from_secs(1)),
        ..limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_beside_the_url_gets_into_it_whole() {
        let text = "[database]\nurl = \"postgres://app@db:5432/main?x=1\"\npassword = \"p@ss:/word\"\n";
        let settings = Settings::of_text(config::sections::KERNEL, text).unwrap();
        let section = settings.get::<Database>();
        assert_eq!(url(&section), "postgres://app:p%40ss%3A%2Fword@db:5432/main?x=1");
        let settings = Settings::of_text(config::sections::KERNEL, "").unwrap();
        assert_eq!(url(&settings.get::<Database>()), "sqlite");
    }
}
