//! Where the server is, and whether it has to prove who it is.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{error, spawn};
use crate::Options;
use crate::error::{Error, Result};

#[derive(Clone)]
pub(super) struct Server {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

impl Server {
    pub(super) fn new(options: &Options) -> Result<Self> {
        let (url, mode) = split(&options.url)?;
        // The parser's own message may repeat a piece of the text, and that piece may be the password.
        let mut config: Config =
            url.parse().map_err(|_| Error::Options("the URL of PostgreSQL cannot be read".into()))?;
        config
            .ssl_mode(mode)
            .connect_timeout(options.connect_timeout)
            .keepalives_idle(Duration::from_secs(30))
            .keepalives_interval(Duration::from_secs(10))
            .keepalives_retries(3)
            .tcp_user_timeout(options.deadline + Duration::from_secs(5));
        if config.get_application_name().is_none() {
            config.application_name("mainstay");
        }
        Ok(Self { config, tls: tls(mode)? })
    }

    /// A connection outside the pools, for what takes longer than a request may.
    pub(super) async fn connect(&self) -> Result<Client> {
        let (client, connection) = self.config.connect(self.tls.clone()).await.map_err(error::unreachable)?;
        spawn::start(async move {
            if let Err(failure) = connection.await {
                tracing::warn!(error = %failure, "a connection outside the pools was lost");
            }
        });
        Ok(client)
    }
}

/// Takes `sslmode` out of the URL: the driver knows only some of its words, and would fall back to plain text at one.
fn split(url: &str) -> Result<(String, SslMode)> {
    let Some((place, query)) = url.split_once('?') else { return Ok((url.into(), SslMode::Disable)) };
    let mut mode = SslMode::Disable;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.strip_prefix("sslmode=") {
            None => kept.push(pair),
            Some("disable") => mode = SslMode::Disable,
            Some("require" | "verify-ca" | "verify-full") => mode = SslMode::Require,
            Some(_) => {
                return Err(Error::Options(
                    "sslmode is `disable` (plain text) or `verify-full` (the certificate and name of the server are \
                     verified; `require` and `verify-ca` mean the same here); nothing falls back to plain text"
                        .into(),
                ));
            }
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    Ok((format!("{place}{query}"), mode))
}

fn tls(mode: SslMode) -> Result<MakeRustlsConnect> {
    let mut roots = RootCertStore::empty();
    if mode == SslMode::Require {
        let found = rustls_native_certs::load_native_certs();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            return Err(Error::Options(
                "TLS is asked for, but this machine has no certificates to trust: install `ca-certificates` or set \
                 SSL_CERT_FILE"
                    .into(),
            ));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|failure| Error::Options(failure.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_never_falls_back() {
        assert_eq!(split("postgres://h/d").ok(), Some(("postgres://h/d".into(), SslMode::Disable)));
        assert_eq!(
            split("postgres://h/d?host=/run&sslmode=verify-full&user=a").ok(),
            Some(("postgres://h/d?host=/run&user=a".into(), SslMode::Require))
        );
        assert_eq!(
            split("postgres://h/d?sslmode=require").ok(),
            Some(("postgres://h/d".into(), SslMode::Require))
        );
        for word in ["prefer", "allow", ""] {
            assert!(split(&format!("postgres://h/d?sslmode={word}")).is_err(), "{word}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_read_is_not_repeated() {
        let refused = Server::new(&Options::new("postgres://owner:secret@h:notaport/d", "/data"));
        let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("cannot be read") && !message.contains("secret"), "{message}");
    }
}
