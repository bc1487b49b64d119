//! What others write into mails, and what others say to us.

use std::time::Duration;

use config::sections::Mail;
use mail::{Address, Mailer, Message};
use peers::{Smtp, Turn};
use queue::State;

use crate::both;
use crate::place::{GREETING, Greeting, Place, greeting, head, plain, settings};

both! {
    async fn asvs_1_3_11_nothing_that_people_wrote_becomes_a_header(engine) {
        let server = Smtp::start(&[]).await;
        let place = Place::on(engine, &plain(server.address.port())).await;
        for wrong in ["x\r\nBcc: c@evil.test", "x\nBcc: c@evil.test", "x\rBcc: c@evil.test", "x\u{2028}y", "x\0y"] {
            assert_eq!(greeting(Address::parse("a@b.test").unwrap(), wrong).unwrap_err().code(), "mail_header");
            assert_eq!(Address::new(wrong, "a@b.test").unwrap_err().code(), "mail_header");
            assert_eq!(Address::new("x", wrong).unwrap_err().code(), "mail_address");
        }
        // What looks like encoding, quoting or another address stays a name.
        let tricky = ["=?utf-8?q?x=0D=0ABcc:_c@evil.test?=", "\"x\" <c@evil.test>, y", "a, b; c: d", "x\\\"", "(c) <>"];
        for name in tricky {
            let to = Address::new(name, "a@b.test").unwrap();
            let text = name.repeat(3);
            place.until(place.send(greeting(to, &text).unwrap()).await, State::Done).await;
        }
        for mail in server.mails() {
            let names: Vec<String> = head(&mail).iter().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
            assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc") || name.eq_ignore_ascii_case("cc")), "{mail}");
            assert_eq!(names.iter().filter(|name| *name == "To").count(), 1);
        }
        let recipients = server.heard().into_iter().filter(|line| line.starts_with("RCPT")).collect::<Vec<_>>();
        assert_eq!(recipients, vec!["RCPT TO:<a@b.test>"; tricky.len()]);
        place.stop().await;
    }

    async fn a_line_with_a_dot_does_not_end_the_mail(engine) {
        let server = Smtp::start(&[]).await;
        let place = Place::on(engine, &plain(server.address.port())).await;
        let link = "https://x.test/\r\n.\r\nMAIL FROM:<evil@evil.test>\r\n";
        let message = Message::new(Address::parse("a@b.test").unwrap(), &GREETING, &Greeting { name: "x", link }).unwrap();
        place.until(place.send(message).await, State::Done).await;
        assert_eq!(server.mails().len(), 1);
        assert!(!server.heard().iter().any(|line| line.contains("evil")), "{:?}", server.heard());
        place.stop().await;
    }

    async fn what_never_fits_is_not_kept(engine) {
        let place = Place::on(engine, "").await;
        let long = "x".repeat(300 * 1024);
        let made = Message::new(Address::parse("a@b.test").unwrap(), &GREETING, &Greeting { name: "x", link: &format!("https://{long}") });
        assert_eq!(made.unwrap_err().code(), "mail_too_large");
        place.stop().await;
    }
}

async fn refused(turn: Turn, more: &str) -> (String, Smtp) {
    let server = Smtp::start(&[turn]).await;
    let text = plain(server.address.port()).replace("tls = \"never\"\n", "") + more;
    let found = Mailer::look(&settings(&text).get::<Mail>()).await;
    (found.unwrap_err().code().to_owned(), server)
}

#[tokio::test]
async fn a12_starttls_that_was_taken_away_ends_it_where_it_is_required() {
    let (code, server) = refused(Turn::Take, "").await;
    assert_eq!(code, "mail_no_tls");
    assert!(!server.heard().iter().any(|line| line.starts_with("MAIL") || line.starts_with("AUTH")));
}

#[tokio::test]
async fn a12_no_password_goes_where_anybody_can_read_it() {
    let server = Smtp::start(&[]).await;
    // It leads to this machine, and the settings cannot know that.
    let text = format!(
        "[mail]\nurl = \"smtp://user:secret@127.1:{}\"\nfrom = \"a@b.test\"\ntls = \"optional\"\n",
        server.address.port()
    );
    let found = Mailer::look(&settings(&text).get::<Mail>()).await;
    assert_eq!(found.unwrap_err().code(), "mail_no_tls");
    assert_eq!(server.connections(), 1);
    assert!(!server.heard().iter().any(|line| line.starts_with("AUTH")), "{:?}", server.heard());
}

#[tokio::test]
async fn a12_what_is_said_before_the_handshake_counts_for_nothing() {
    let (code, server) = refused(Turn::Inject, "").await;
    assert_eq!(code, "mail_out_of_turn");
    assert_eq!(server.heard().last().map(String::as_str), Some("STARTTLS"));
    let (code, _server) = refused(Turn::Inject, "tls = \"optional\"\n").await;
    assert_eq!(code, "mail_out_of_turn");
}

#[tokio::test]
async fn a12_a_handshake_that_fails_does_not_become_plain_text() {
    for tls in ["required", "optional"] {
        let (code, server) = refused(Turn::NoTls, &format!("tls = \"{tls}\"\n")).await;
        assert!(["mail_tls", "mail_timed_out"].contains(&code.as_str()), "{code}");
        assert!(!server.heard().iter().any(|line| line.starts_with("MAIL")), "{:?}", server.heard());
    }
}

#[tokio::test]
async fn answers_without_end_are_cut_off_long_before_the_time_is_over() {
    for turn in [Turn::EndlessLines, Turn::EndlessLine] {
        for tls in ["never", "optional"] {
            let server = Smtp::start(&[turn]).await;
            let text = plain(server.address.port()).replace("never", tls).replace("700ms", "5m");
            let settings = settings(&text).get::<Mail>();
            let found = tokio::time::timeout(Duration::from_secs(9), Mailer::look(&settings)).await;
            assert_eq!(found.expect("cut off").unwrap_err().code(), "mail_unreachable", "{turn:?} {tls}");
        }
    }
}

#[tokio::test]
async fn a_test_mail_says_what_the_server_says() {
    let server = Smtp::start(&[Turn::Take, Turn::Recipient("550 5.1.1 nobody here")]).await;
    let mailer = Mailer::new(settings(&plain(server.address.port())), types::Clock::system(), &[1; 32]);
    let to = || Address::parse("a@b.test").unwrap();
    let handed = mailer.test(to(), "https://house.test").await.unwrap();
    assert_eq!(handed, mail::Handed::Server("taken as 7".to_owned()));
    assert!(server.mails()[0].contains("https://house.test"));
    let error = mailer.test(to(), "https://house.test").await.unwrap_err();
    assert!(error.code() == "mail_refused" && error.message().contains("nobody here"), "{error:?}");
}
