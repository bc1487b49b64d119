//! Letters that tests wait for, and the links in them; and the letters about the ways to sign in.

use std::time::Duration;

use serde_json::Value;
use testkit::{Engine, TestApp};

use super::factors::{AUTH, sign_in, with_totp};

const SETTINGS: &str = r#"
mode = "development"
[server]
public_url = "https://house.test"
[limits]
signed_in = 1000000
anonymous = 1000000
sign_in = 1000000
refresh = 1000000
[identity]
registration = "open"
password_memory_kib = 64
password_passes = 1
"#;

/// A house where strangers may register, mail is shown, and jobs run.
pub(crate) async fn open_house(engine: Engine) -> TestApp {
    let app = quiet_house(engine).await;
    app.work().await;
    app
}

/// The same before any job runs.
pub(crate) async fn quiet_house(engine: Engine) -> TestApp {
    TestApp::with(engine, vec![identity::system()], SETTINGS).await
}

/// The letters to an address with this in their subject, newest first.
pub(crate) fn letters(app: &TestApp, to: &str, subject: &str) -> Vec<mail::Shown> {
    let shown = app.app.mailer().shown().into_iter();
    shown.filter(|one| one.to == to && one.subject.contains(subject)).collect()
}

/// Waits until there are so many, and gives the newest.
pub(crate) async fn letter(app: &TestApp, to: &str, subject: &str, number: usize) -> mail::Shown {
    for _ in 0..1000 {
        let mut found = letters(app, to, subject);
        if found.len() >= number {
            return found.swap_remove(0);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{to} got no letter {number} about {subject}: {:?}", app.app.mailer().shown());
}

/// What stands behind `#` in the link of a letter.
pub(crate) fn token(letter: &mail::Shown) -> String {
    let (_, rest) = letter.text.split_once('#').unwrap_or_else(|| panic!("no link: {}", letter.text));
    rest.split_whitespace().next().expect("a token").to_owned()
}

/// Waits until nothing is left to be done.
pub(crate) async fn settled(app: &TestApp) {
    for _ in 0..1000 {
        let left = app.db().read((), |rx, ()| {
            Box::pin(async move {
                let sql = "SELECT COUNT(*) AS jobs FROM jobs WHERE state IN ('queued', 'running')";
                let row = rx.row(sql, db::params![]).await?;
                row.map_or(Ok(0), |mut row| Ok(row.take::<i64>("jobs")?))
            })
        });
        if left.await.expect("a count") == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("jobs are left");
}

testkit::on_both! {
    async fn a_way_in_that_is_new_used_up_or_gone_is_told_by_mail(engine: Engine) {
        let app = open_house(engine).await;
        let (owner, admin) = (app.owner("Main").await, app.administrator().await);
        let (_, codes) = with_totp(&app, &owner).await;
        let added = letter(&app, &owner.email, "has a new second factor", 1).await;
        assert!(added.text.contains("An authenticator app was added.") && added.text.contains("set a new password at once"), "{}", added.text);
        assert!(letters(&app, &owner.email, "recovery codes").is_empty(), "the first codes come with the factor");
        let _ = sign_in(&app, &owner.email, &[("totp", &codes[0])]).await.expect(200);
        let used = letter(&app, &owner.email, "A recovery code of yours was used", 1).await;
        assert!(used.text.contains("9 of them are left"), "{}", used.text);
        let _ = owner.post(format!("{AUTH}/totp/recovery-codes"), Value::Null).await.expect(200);
        letter(&app, &owner.email, "You have new recovery codes", 1).await;
        let _ = owner.post(format!("{AUTH}/totp/disable"), Value::Null).await.expect(200);
        letter(&app, &owner.email, "a second factor less", 1).await;
        app.clock().advance(Duration::from_mins(1));
        let _ = with_totp(&app, &owner).await;
        let path = format!("/api/v1/people/{}/second-factors", owner.id);
        admin.delete(&path).await.expect(204);
        letter(&app, &owner.email, "no second factor any more", 1).await;
        // There is nothing to be told when there was nothing to take away.
        admin.delete(&path).await.expect(204);
        settled(&app).await;
        assert_eq!(letters(&app, &owner.email, "no second factor any more").len(), 1);
        assert!(letters(&app, &admin.email, "").is_empty());
    }
}
