//! Whose word for the mail server is believed: the authorities of this machine and that of `mail.ca`. There is no way to
//! believe everybody.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use types::{Error, Result};

/// Reading them takes some milliseconds. They change with the system, which is told by starting again.
static OF_THE_MACHINE: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();

pub(super) fn config(ca: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let known = OF_THE_MACHINE.get_or_init(|| rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(known.iter().cloned());
    if let Some(path) = ca {
        for certificate in read(path)? {
            roots.add(certificate).map_err(|error| wrong(&error.to_string()))?;
        }
    }
    if roots.is_empty() {
        let message =
            "This machine knows no certificate authority, and mail.ca names none. Install ca-certificates.";
        return Err(Error::unavailable("mail_no_authorities", message));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    let all: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let all = all.map_err(|error| wrong(&error.to_string()))?;
    if all.is_empty() { Err(wrong("there is no certificate in it")) } else { Ok(all) }
}

fn wrong(why: &str) -> Error {
    Error::unavailable("mail_ca", format!("The certificate in mail.ca cannot be used: {why}"))
}
