//! What the tests of second factors share: an authenticator app, and somebody who has one.

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use serde_json::{Value, json};
use testkit::{Answer, Client, Person, TestApp};
use types::Time;

use super::{PASSWORD, TOKEN};

pub(crate) const AUTH: &str = "/api/v1/auth";

/// An authenticator app: the secret, and a clock of its own.
#[derive(Clone)]
pub(crate) struct Authenticator(Vec<u8>);

impl Authenticator {
    /// Reads what a person types.
    pub(crate) fn typed(secret: &str) -> Self {
        Self(BASE32_NOPAD.decode(secret.as_bytes()).expect("base32"))
    }

    /// The code of a moment, as RFC 6238 has it.
    pub(crate) fn code(&self, now: Time) -> String {
        let step = now.as_seconds().div_euclid(30);
        let tag =
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0), &step.to_be_bytes());
        let bytes = tag.as_ref();
        let at = usize::from(bytes[19] & 15);
        let word = u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }

    /// A code that is none of those that would do.
    pub(crate) fn wrong(&self, now: Time) -> String {
        let near = |code: &str| {
            (-1..=1).any(|away| self.code(Time::from_millis(now.as_millis() + away * 30_000)) == code)
        };
        ["000000", "111111", "222222", "333333"]
            .into_iter()
            .find(|code| !near(code))
            .expect("one of four")
            .to_owned()
    }
}

/// Gives somebody an app; answers with it and the recovery codes. The clock moves on, so that the next code is another.
pub(crate) async fn with_totp(app: &TestApp, person: &Client) -> (Authenticator, Vec<String>) {
    let enrolled = person.post(format!("{AUTH}/totp/enroll"), Value::Null).await.expect(200);
    let phone = Authenticator::typed(&enrolled.text("secret"));
    let code = phone.code(app.clock().now());
    let confirmed =
        person.post(format!("{AUTH}/totp/confirm"), json!({"code": code})).await.expect(200).json();
    let codes = confirmed["recovery_codes"].as_array().into_iter().flatten();
    app.clock().advance(std::time::Duration::from_secs(30));
    (phone, codes.filter_map(|code| code.as_str().map(str::to_owned)).collect())
}

/// An owner with an app.
pub(crate) async fn owner_with_totp(app: &TestApp) -> (Person, Authenticator, Vec<String>) {
    let owner = app.owner("Main").await;
    let (phone, codes) = with_totp(app, &owner).await;
    (owner, phone, codes)
}

/// Signs in with the right password and these fields.
pub(crate) async fn sign_in(app: &TestApp, email: &str, more: &[(&str, &str)]) -> Answer {
    let form = [&[("username", email), ("password", PASSWORD)], more].concat();
    app.anonymous().ask(http::Method::POST, TOKEN).form(&form).send().await
}

/// Goes on with a sign-in.
pub(crate) async fn answer(app: &TestApp, challenge: &str, field: &str, value: &str) -> Answer {
    let form = [("grant_type", "second_factor"), ("challenge", challenge), (field, value)];
    app.anonymous().ask(http::Method::POST, TOKEN).form(&form).send().await
}

/// How many of these got in; the others were refused with one of the codes.
pub(crate) fn winners(answers: &[Answer], refusals: &[&str]) -> usize {
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.as_u16() == 200);
    for answer in bad {
        assert!(refusals.contains(&answer.code().as_str()), "{}", answer.json());
    }
    good.len()
}
