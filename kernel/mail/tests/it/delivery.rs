//! What arrives, and what is tried again.

use peers::{Smtp, Turn};
use queue::State;

use crate::both;
use crate::place::{Place, head, line, ordinary, plain};

both! {
    async fn a_mail_arrives_as_it_was_written(engine) {
        let server = Smtp::start(&[]).await;
        let place = Place::on(engine, &plain(server.address.port())).await;
        let id = place.send(ordinary()).await;
        let mail = server.until(1).await.remove(0);
        place.until(id, State::Done).await;
        assert_eq!(line(&mail, "Message-ID"), format!("<{id}@example.test>"));
        assert_eq!(line(&mail, "From"), "\"The House\" <house@example.test>");
        assert_eq!(line(&mail, "To"), "=?utf-8?b?Wm/DqyDmvKLlrZc=?= <zoe@example.test>");
        assert_eq!(line(&mail, "Subject"), "Hello =?utf-8?b?Wm/Dqw==?=");
        assert_eq!(line(&mail, "Auto-Submitted"), "auto-generated");
        assert!(line(&mail, "Content-Type").starts_with("multipart/alternative"));
        assert!(head(&mail).iter().all(|line| line.is_ascii()));
        assert!(mail.contains("token-1234"), "{mail}");
        let heard = server.heard();
        assert!(heard.contains(&"EHLO example.test".to_owned()), "{heard:?}");
        assert!(heard.contains(&"RCPT TO:<zoe@example.test>".to_owned()), "{heard:?}");
        place.stop().await;
    }

    async fn what_is_rolled_back_is_not_sent(engine) {
        let server = Smtp::start(&[]).await;
        let place = Place::on(engine, &plain(server.address.port())).await;
        assert_eq!(place.asked(ordinary(), true).await.unwrap_err().code(), "not_found");
        let sent = place.send(ordinary()).await;
        place.until(sent, State::Done).await;
        place.stop().await;
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(line(&mails[0], "Message-ID"), format!("<{sent}@example.test>"));
    }

    async fn asvs_14_2_4_nobody_reads_it_in_the_table(engine) {
        let server = Smtp::start(&[Turn::Mail("554 no")]).await;
        let place = Place::on(engine, &plain(server.address.port())).await;
        place.until(place.send(ordinary()).await, State::Failed).await;
        place.until(place.send(ordinary()).await, State::Done).await;
        let kept = place.kept().await;
        for word in ["token-1234", "zoe@example.test", "Zo\u{eb}", "Hello"] {
            assert!(!kept.contains(word), "{word} is in\n{kept}");
        }
        place.stop().await;
    }

    async fn what_may_go_well_later_is_tried_again(engine) {
        let later = [
            Turn::Recipient("451 greylisted"),
            Turn::Mail("452 no room"),
            Turn::Hang,
            Turn::DropInData,
            Turn::EndlessLine,
            Turn::EndlessLines,
        ];
        let server = Smtp::start(&later).await;
        let place = Place::on(engine, &plain(server.address.port())).await;
        let id = place.send(ordinary()).await;
        let job = place.until(id, State::Done).await;
        assert_eq!((job.failures, server.connections(), server.mails().len()), (6, 7, 1));
        let kept = place.kept().await;
        for word in ["mail_deferred", "greylisted", "no room", "mail_timed_out", "mail_unreachable"] {
            assert!(kept.contains(word), "{word} is not in\n{kept}");
        }
        place.stop().await;
    }

    async fn what_is_refused_for_good_is_not_tried_again(engine) {
        for turn in [Turn::Recipient("550 nobody here"), Turn::Mail("554 5.7.1 spam\x07")] {
            let server = Smtp::start(&[turn]).await;
            let place = Place::on(engine, &plain(server.address.port())).await;
            let job = place.until(place.send(ordinary()).await, State::Failed).await;
            let error = job.error.unwrap();
            assert!(error.contains("mail_refused") && error.contains("55"), "{error}");
            assert!(!error.contains('\x07'));
            assert_eq!((server.connections(), server.mails().len()), (1, 0));
            place.stop().await;
        }
    }

    async fn a_second_time_can_be_told_from_a_first(engine) {
        let (first, second) = lost_answer(engine).await;
        assert_eq!(line(&first, "Message-ID"), line(&second, "Message-ID"));
        assert_eq!(line(&first, "Date"), line(&second, "Date"));
    }

    async fn without_a_server_it_is_shown_in_development_and_tried_again_in_production(engine) {
        let place = Place::on(engine, "mode = \"development\"").await;
        place.until(place.send(ordinary()).await, State::Done).await;
        let shown = place.mailer.shown();
        assert_eq!((shown.len(), shown[0].subject.as_str()), (1, "Hello Zo\u{eb}"));
        assert!(shown[0].headers.contains("Message-ID: <job_"), "{}", shown[0].headers);
        assert!(shown[0].html.contains("token-1234"));
        place.stop().await;
        let production = "mode = \"production\"\n[server]\npublic_url = \"https://x.test\"\n";
        let place = Place::on(engine, production).await;
        let id = place.send(ordinary()).await;
        let job = place.until(id, State::Failed).await;
        assert!(job.failures > 1 && job.error.unwrap().contains("mail_not_configured"));
        assert!(place.mailer.shown().is_empty() && !place.mailer.has_page());
        place.stop().await;
    }
}

/// The server took the mail, and its answer never came.
pub(crate) async fn lost_answer(engine: db::Engine) -> (String, String) {
    let server = Smtp::start(&[Turn::DropAnswer]).await;
    let place = Place::on(engine, &plain(server.address.port())).await;
    let id = place.send(ordinary()).await;
    place.until(id, State::Done).await;
    place.stop().await;
    let mut mails = server.mails();
    assert_eq!(mails.len(), 2);
    (mails.remove(0), mails.remove(0))
}
