//! Letters that tests wait for, and the links in them.

use std::time::Duration;

use testkit::{Engine, TestApp};

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
