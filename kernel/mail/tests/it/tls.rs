//! A real mail server, with certificates that a test made.

use config::sections::Mail;
use mail::{Address, Mailer};
use peers::Aiosmtpd;
use queue::State;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use crate::both;
use crate::place::{Place, ordinary, settings};

struct Papers {
    folder: TempDir,
}

impl Papers {
    /// An authority, and a certificate of it for `name`.
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        std::fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        Self { folder }
    }

    fn server(&self, implicit: bool) -> Aiosmtpd {
        let path = self.folder.path();
        Aiosmtpd::start(&path.join("cert.pem"), &path.join("key.pem"), implicit)
    }

    fn settings(&self, scheme: &str, port: u16, password: &str) -> String {
        let ca = self.folder.path().join("ca.pem");
        let ca = ca.display();
        format!(
            "[mail]\nurl = \"{scheme}://user@127.0.0.1:{port}\"\npassword = \"{password}\"\nfrom = \"house@example.test\"\nca = \"{ca}\"\n"
        )
    }
}

both! {
    async fn it_arrives_signed_in_and_encrypted_both_ways(engine) {
        let papers = Papers::of("127.0.0.1");
        for (scheme, implicit) in [("smtp", false), ("smtps", true)] {
            let server = papers.server(implicit);
            let place = Place::on(engine, &papers.settings(scheme, server.port, "a password")).await;
            let id = place.send(ordinary()).await;
            place.until(id, State::Done).await;
            let mails = server.mails();
            assert_eq!(mails.len(), 1);
            let mail: serde_json::Value = serde_json::from_str(&mails[0]).unwrap();
            assert_eq!((&mail["user"], &mail["tls"]), (&"user".into(), &true.into()), "{scheme}");
            assert_eq!(mail["to"], serde_json::json!(["zoe@example.test"]));
            assert!(mail["mail"].as_str().unwrap().contains(&id.to_string()));
            place.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_said() {
    let papers = Papers::of("127.0.0.1");
    let server = papers.server(false);
    let settings = settings(&papers.settings("smtp", server.port, "another"));
    assert_eq!(Mailer::look(&settings.get::<Mail>()).await.unwrap_err().code(), "mail_sign_in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a32_a_server_that_cannot_prove_its_name_hears_nothing() {
    let (other, known) = (Papers::of("other.test"), Papers::of("127.0.0.1"));
    for (scheme, implicit) in [("smtp", false), ("smtps", true)] {
        // A certificate for another name; and one of an authority that nobody knows.
        let server = other.server(implicit);
        for papers in [&other, &known] {
            let text = papers.settings(scheme, server.port, "a password");
            let mailer = Mailer::new(settings(&text), types::Clock::system(), &[1; 32]);
            let to = Address::parse("a@b.test").unwrap();
            assert_eq!(mailer.test(to, "https://x.test").await.unwrap_err().code(), "mail_tls", "{scheme}");
        }
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_file_without_a_certificate_is_said() {
    let papers = Papers::of("127.0.0.1");
    std::fs::write(papers.folder.path().join("ca.pem"), "nothing").unwrap();
    let server = peers::Smtp::start(&[]).await;
    let text = papers.settings("smtps", server.address.port(), "a password");
    assert_eq!(Mailer::look(&settings(&text).get::<Mail>()).await.unwrap_err().code(), "mail_ca");
}
