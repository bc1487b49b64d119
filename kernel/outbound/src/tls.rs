//! Whom we believe, and the TLS handshake.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::Error;
use crate::target::Host;

/// The system's authorities and those of the settings. Read when the first https address is called: reading the
/// system's takes some milliseconds.
pub(crate) struct Trust {
    extra: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Trust {
    pub(crate) fn new(file: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = file else { return Ok(Self { extra: Vec::new(), config: OnceLock::new() }) };
        let bad = |why: String| Error::Settings(format!("outbound.ca_file: {}: {why}", path.display()));
        let text = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let extra = read.map_err(|error| bad(error.to_string()))?;
        if extra.is_empty() {
            return Err(bad("there is no certificate in it".to_owned()));
        }
        let mut probe = RootCertStore::empty();
        for certificate in extra.iter().cloned() {
            probe.add(certificate).map_err(|error| bad(error.to_string()))?;
        }
        Ok(Self { extra, config: OnceLock::new() })
    }

    fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(self.config.get_or_init(|| {
            let mut roots = RootCertStore::empty();
            let found = rustls_native_certs::load_native_certs();
            let (known, _) = roots.add_parsable_certificates(found.certs);
            roots.add_parsable_certificates(self.extra.iter().cloned());
            if known == 0 {
                tracing::warn!("this system has no certificates of authorities: https reaches only those of outbound.ca_file");
            }
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("ring speaks the default versions")
                .with_root_certificates(roots)
                .with_no_client_auth();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Arc::new(config)
        }))
    }

    pub(crate) async fn handshake(&self, host: &Host, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Error> {
        let name = match host {
            Host::Address(address) => ServerName::IpAddress((*address).into()),
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|error| failed(host, &error))?,
        };
        let connecting = TlsConnector::from(self.config()).connect(name, tcp);
        connecting.await.map_err(|error| match cause(&error) {
            Some(cause) => failed(host, cause),
            None => Error::Unreachable { host: host.to_string(), cause: error.to_string() },
        })
    }
}

fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn failed(host: &Host, cause: &dyn std::error::Error) -> Error {
    Error::Tls { host: host.to_string(), cause: cause.to_string() }
}
