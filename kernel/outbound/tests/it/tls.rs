//! A32: certificates. Each server has one that a test made, signed by an authority the settings name, or not.

use std::sync::Arc;
use std::time::Duration;

use outbound::{Answer, Error, Outbound, Phase, Request};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::names::{Names, outbound};
use peers::{OUTSIDE, Upstream, reply};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("a server of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a server of a test"))
        .expect("a server of a test")
}

/// A server with a certificate for `name`; gives its port.
async fn server(authority: &Authority, name: &str, expired: bool) -> u16 {
    saying(authority, name, expired, reply(200, "", "proven")).await
}

async fn saying(authority: &Authority, name: &str, expired: bool, answer: Vec<u8>) -> u16 {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a server of a test");
    if expired {
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().expect("a server of a test");
    let certificate = params.signed_by(&key, authority).expect("a server of a test");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("a server of a test")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a server of a test");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((OUTSIDE, 0)).await.expect("a server of a test");
    let port = listener.local_addr().expect("a server of a test").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

fn trusting(authority: &Authority) -> (Outbound, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().expect("a server of a test");
    std::fs::write(file.path(), authority.pem()).expect("a server of a test");
    let settings = format!("ca_file = \"{}\"\nconnect_timeout = \"500ms\"", file.path().display());
    (outbound(&settings, &Names::new(&[("a.example", &[OUTSIDE])])), file)
}

async fn ask(out: &Outbound, host: &str, port: u16) -> Result<Answer, Error> {
    out.send(Request::get(format!("https://{host}:{port}/"), "test").deadline(Duration::from_secs(5))).await
}

#[tokio::test]
async fn a_server_that_proves_its_name_is_spoken_to() {
    let known = authority();
    let (out, _file) = trusting(&known);
    let port = server(&known, "a.example", false).await;
    assert_eq!(ask(&out, "a.example", port).await.unwrap().body, "proven");
    let port = server(&known, OUTSIDE, false).await;
    assert_eq!(ask(&out, OUTSIDE, port).await.unwrap().body, "proven");
}

#[tokio::test]
async fn a32_certificates_that_prove_nothing_are_refused() {
    let known = authority();
    let (out, _file) = trusting(&known);
    for (port, why) in [
        (server(&known, "b.example", false).await, "not valid for name"),
        (server(&known, "a.example", true).await, "expired"),
        // It bears the name of the one we know, and another key.
        (server(&authority(), "a.example", false).await, "BadSignature"),
    ] {
        let outcome = ask(&out, "a.example", port).await;
        let Err(Error::Tls { cause, .. }) = outcome else { panic!("{why}: {outcome:?}") };
        assert!(cause.contains(why), "{why}: {cause}");
    }
    let nobody = outbound("", &Names::new(&[("a.example", &[OUTSIDE])]));
    let outcome = ask(&nobody, "a.example", server(&known, "a.example", false).await).await;
    assert!(
        matches!(&outcome, Err(Error::Tls { cause, .. }) if cause.contains("UnknownIssuer")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a32_what_is_no_tls_ends_in_time() {
    let known = authority();
    let (out, _file) = trusting(&known);
    let plain = Upstream::says(|_| reply(200, "", "")).await;
    let listener = TcpListener::bind((OUTSIDE, 0)).await.unwrap();
    let silent = listener.local_addr().unwrap().port();
    let outcome = ask(&out, "a.example", silent).await;
    assert!(matches!(outcome, Err(Error::Timeout(Phase::Connecting))), "{outcome:?}");
    // It reads the hello as a request without an end, and hangs up when we do.
    let outcome = ask(&out, "a.example", plain.address.port()).await;
    assert!(matches!(outcome, Err(Error::Timeout(Phase::Connecting) | Error::Tls { .. })), "{outcome:?}");
    let talker = TcpListener::bind((OUTSIDE, 0)).await.unwrap();
    let port = talker.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = talker.accept().await {
            let _ = stream.write_all(b"220 mail.example ESMTP ready, say hello\r\n").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let outcome = ask(&out, "a.example", port).await;
    assert!(matches!(outcome, Err(Error::Tls { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a31_nothing_leads_from_https_to_http() {
    let known = authority();
    let plain = Upstream::says(|_| reply(200, "", "plain")).await;
    let moved = reply(302, &format!("location: {}\r\n", plain.url("/")), "");
    let port = saying(&known, "a.example", false, moved).await;
    let (out, _file) = trusting(&known);
    let asked = Request::get(format!("https://a.example:{port}/"), "test").follow_redirects(2);
    let outcome = out.send(asked).await;
    assert!(matches!(outcome, Err(Error::Refused(outbound::Refusal::Downgrade))), "{outcome:?}");
    assert!(plain.seen().is_empty());
}
