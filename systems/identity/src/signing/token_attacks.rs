//! A12: every way of presenting a token that is not one of ours, each with its refusal.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use proptest::prelude::*;
use ring::hmac;
use serde_json::json;
use types::{PersonId, Time};

use super::*;
use crate::secrets::random;

const NOW: Time = Time::from_millis(1_800_000_000_000);

struct Stand {
    id: SigningKeyId,
    signing: SigningKey,
    reading: ReadingKey,
    public: [u8; 32],
    issuer: Issuer,
    claims: Claims,
}

fn stand() -> Stand {
    let seed: [u8; 32] = random();
    let public = SigningKey::public_of(&seed);
    let id = SigningKeyId::at(NOW);
    let issuer = Issuer { issuer: "mainstay".into(), audience: "mainstay:api" };
    let seconds = NOW.as_seconds();
    Stand {
        id,
        signing: SigningKey::new(id, &seed, &public).unwrap(),
        reading: ReadingKey::new(id, public),
        public,
        claims: Claims {
            iss: issuer.issuer.clone(),
            aud: issuer.audience.into(),
            sub: PersonId::at(NOW),
            sid: SessionId::at(NOW),
            jti: "one".into(),
            iat: seconds,
            nbf: seconds,
            exp: seconds + 900,
        },
        issuer,
    }
}

impl Stand {
    fn read(&self, token: &str) -> Result<Claims, BadToken> {
        read(std::slice::from_ref(&self.reading), &self.issuer, token, NOW)
    }

    /// Signs whatever header and payload are given with the real key.
    fn forged(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", B64.encode(header), B64.encode(payload));
        let signature = self.signing.pair.sign(signed.as_bytes());
        format!("{signed}.{}", B64.encode(signature.as_ref()))
    }

    fn good_header(&self) -> String {
        format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"at+jwt"}}"#, self.id)
    }

    fn payload(&self) -> String {
        serde_json::to_string(&self.claims).unwrap()
    }

    fn with(&self, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = self.claims.clone();
        change(&mut claims);
        self.signing.sign(&claims)
    }
}

#[test]
fn what_was_signed_is_read_back() {
    let stand = stand();
    let token = stand.signing.sign(&stand.claims);
    assert!(token.len() < MAX_LENGTH, "{}", token.len());
    assert_eq!(stand.read(&token), Ok(stand.claims.clone()));
    assert_eq!(stand.forged(&stand.good_header(), &stand.payload()), token, "signing is deterministic");
}

#[test]
fn a12_every_other_header_is_refused_even_when_rightly_signed() {
    let stand = stand();
    let (id, payload) = (stand.id, stand.payload());
    for header in [
        r#"{"alg":"none"}"#.to_owned(),
        format!(r#"{{"alg":"none","kid":"{id}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{id}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"eddsa","kid":"{id}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{id}"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"at+jwt","alg":"none"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"at+jwt","jwk":{{"kty":"OKP"}}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"at+jwt","jku":"https://evil.test/k"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"at+jwt","x5u":"https://evil.test/k"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"at+jwt","crit":["b64"],"b64":false}}"#),
        r#"{"alg":"EdDSA","kid":"../../etc/passwd","typ":"at+jwt"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"' OR 1=1 --","typ":"at+jwt"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"https://evil.test/key","typ":"at+jwt"}"#.to_owned(),
        format!("{} ", stand.good_header()),
        String::new(),
    ] {
        assert_eq!(stand.read(&stand.forged(&header, &payload)), Err(BadToken::UnknownKey), "{header}");
    }
}

#[test]
fn a12_a_signature_made_with_the_public_key_is_refused() {
    let stand = stand();
    let signed = format!("{}.{}", B64.encode(stand.good_header()), B64.encode(stand.payload()));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &stand.public), signed.as_bytes());
    assert_eq!(stand.read(&format!("{signed}.{}", B64.encode(mac))), Err(BadToken::Signature));
    assert_eq!(stand.read(&format!("{signed}.")), Err(BadToken::Signature));
}

#[test]
fn a12_wrong_claims_are_refused() {
    let stand = stand();
    let now = NOW.as_seconds();
    assert_eq!(stand.read(&stand.with(|c| c.iss = "https://evil.test".into())), Err(BadToken::Claims));
    assert_eq!(stand.read(&stand.with(|c| c.aud = "another".into())), Err(BadToken::Claims));
    assert_eq!(stand.read(&stand.with(|c| c.exp = now)), Err(BadToken::Expired));
    assert_eq!(stand.read(&stand.with(|c| c.exp = i64::MIN)), Err(BadToken::Expired));
    assert_eq!(stand.read(&stand.with(|c| c.nbf = now + 60)), Err(BadToken::NotYet));
    assert_eq!(stand.read(&stand.with(|c| c.iat = now + 3600)), Err(BadToken::NotYet));
    assert!(stand.read(&stand.with(|c| c.nbf = now + 2)).is_ok(), "a clock a little ahead is borne");
}

#[test]
fn a12_payloads_that_are_almost_right_are_refused() {
    let stand = stand();
    let good = stand.payload();
    let mut id_token = serde_json::to_value(&stand.claims).unwrap();
    id_token["nonce"] = json!("n");
    let mut two_readers = serde_json::to_value(&stand.claims).unwrap();
    two_readers["aud"] = json!(["mainstay:api", "another"]);
    let mut no_session = serde_json::to_value(&stand.claims).unwrap();
    no_session.as_object_mut().unwrap().remove("sid");
    for payload in [
        id_token.to_string(),
        two_readers.to_string(),
        no_session.to_string(),
        good.replace("\"exp\":", "\"exp\":9999999999,\"exp\":"),
        good.replace("\"sub\":\"per_", "\"sub\":\"wsp_"),
        good.replace("\"exp\":1", "\"exp\":1.5e9,\"x\":1"),
        format!("[{good}]"),
        format!("{good}{good}"),
        "null".to_owned(),
        String::new(),
        "[".repeat(300),
    ] {
        assert_eq!(
            stand.read(&stand.forged(&stand.good_header(), &payload)),
            Err(BadToken::Malformed),
            "{payload}"
        );
    }
}

#[test]
fn a12_text_that_is_no_token_is_refused() {
    let stand = stand();
    let good = stand.signing.sign(&stand.claims);
    let (head, tail) = good.split_at(good.len() - 1);
    // The last character of 64 bytes in base64 carries four unused bits: only one spelling is accepted.
    let other_spelling = char::from(tail.as_bytes()[0] + 1);
    for text in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}.{good}"),
        format!("{head}{other_spelling}"),
        good.replace('.', ".\u{0}"),
        "a".repeat(MAX_LENGTH + 1),
    ] {
        assert!(stand.read(&text).is_err(), "{text}");
    }
    assert_eq!(read(&[], &stand.issuer, &good, NOW), Err(BadToken::UnknownKey));
}

proptest! {
    #[test]
    fn reading_never_panics_and_accepts_nothing_else(text in "\\PC{0,200}") {
        prop_assert!(stand().read(&text).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused(at in 0_usize..400, to in any::<u8>()) {
        let stand = stand();
        let good = stand.signing.sign(&stand.claims);
        let mut bytes = good.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(text) = String::from_utf8(bytes) && text != good {
            prop_assert!(stand.read(&text).is_err());
        }
    }
}
