//! What strangers may put into an ID token (A12), held against the one reader. Signatures here are made with P-256; the other
//! algorithms are verified in tokens that a real provider signs (`tests/it/sso`).

use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://idp.example";
const CLIENT: &str = "mainstay";
const NONCE: &str = "a nonce";
const NOW: i64 = 1_800_000_000;

struct Signer {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl Signer {
    fn new(kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Self { pair: pair.unwrap(), kid }
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": text(x), "y": text(y)})
    }

    fn sign(&self, header: &Value, payload: &str) -> String {
        let signed = parts(header, payload);
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn parts(header: &Value, payload: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload))
}

fn keys(of: &[Value]) -> Keys {
    Keys::parse(json!({ "keys": of }).to_string().as_bytes()).unwrap()
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": CLIENT, "sub": "248", "exp": NOW + 300, "iat": NOW, "nonce": NONCE,
           "email": "a@example.test", "email_verified": true})
}

fn expected() -> Expected<'static> {
    let now = Time::from_millis(NOW * 1000);
    Expected { issuer: ISSUER, client_id: CLIENT, audience: None, nonce: NONCE, access_token: "at", now }
}

fn header(signer: &Signer) -> Value {
    json!({"alg": "ES256", "kid": signer.kid, "typ": "JWT"})
}

fn merged(mut base: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => base.as_object_mut().unwrap().remove(name),
            value => base.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    base
}

#[test]
fn a_good_token_is_read() {
    let signer = Signer::new("one");
    let text = signer.sign(&header(&signer), &claims().to_string());
    let about = read(&keys(&[signer.jwk()]), &text, &expected()).unwrap();
    assert_eq!((about.sub.as_str(), about.email.as_deref()), ("248", Some("a@example.test")));
    assert!(about.email_verified);
}

#[test]
fn a12_a14_claims_that_are_not_for_us_are_refused() {
    let signer = Signer::new("one");
    let keys = keys(&[signer.jwk()]);
    let table = [
        (json!({"iss": "https://evil.example"}), BadToken::Issuer),
        (json!({"iss": format!("{ISSUER}/")}), BadToken::Issuer),
        // CVE-2026-30863: a token that the right issuer made for another client.
        (json!({"aud": "another"}), BadToken::Audience),
        (json!({"aud": []}), BadToken::Audience),
        (json!({"aud": [CLIENT, "another"], "azp": CLIENT}), BadToken::Audience),
        (json!({"aud": [CLIENT, CLIENT]}), BadToken::Audience),
        (json!({"azp": "another"}), BadToken::Audience),
        (json!({"exp": NOW - 61}), BadToken::Time),
        (json!({"exp": null}), BadToken::Malformed),
        (json!({"exp": "tomorrow"}), BadToken::Malformed),
        (json!({"iat": NOW + 61}), BadToken::Time),
        (json!({"iat": null}), BadToken::Time),
        (json!({"nbf": NOW + 61}), BadToken::Time),
        (json!({"nonce": null}), BadToken::Nonce),
        (json!({"nonce": "another"}), BadToken::Nonce),
        (json!({"nonce": ""}), BadToken::Nonce),
        (json!({"sub": null}), BadToken::Subject),
        (json!({"sub": ""}), BadToken::Subject),
        (json!({"sub": "a\u{0}b"}), BadToken::Subject),
        (json!({"sub": "a".repeat(256)}), BadToken::Subject),
        (json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), BadToken::AccessToken),
    ];
    for (change, why) in table {
        let text = signer.sign(&header(&signer), &merged(claims(), &change).to_string());
        assert_eq!(read(&keys, &text, &expected()), Err(why), "{change}");
    }
    let ours = signer.sign(
        &header(&signer),
        &merged(claims(), &json!({"at_hash": half_hash(Algorithm::Es256, "at")})).to_string(),
    );
    assert!(read(&keys, &ours, &expected()).is_ok());
    let twice = claims().to_string().replacen('{', "{\"aud\":\"another\",", 1);
    assert_eq!(read(&keys, &signer.sign(&header(&signer), &twice), &expected()), Err(BadToken::Malformed));
}

#[test]
fn a12_no_header_chooses_its_own_key_or_algorithm() {
    let (signer, foreign) = (Signer::new("one"), Signer::new("one"));
    // An RSA key beside it, so that there is a public key worth abusing.
    let rsa = json!({"kty": "RSA", "kid": "rsa", "n": URL_SAFE_NO_PAD.encode([0xc5; 256]), "e": "AQAB"});
    let keys = keys(&[signer.jwk(), rsa.clone()]);
    let payload = claims().to_string();
    let with = |change: Value| merged(header(&signer), &change);
    let table = [
        (signer.sign(&with(json!({"kid": "../../etc/passwd"})), &payload), BadToken::UnknownKey),
        (signer.sign(&with(json!({"kid": "' OR 1=1 --"})), &payload), BadToken::UnknownKey),
        (signer.sign(&with(json!({"kid": "rsa"})), &payload), BadToken::UnknownKey),
        (signer.sign(&with(json!({"alg": "ES384"})), &payload), BadToken::UnknownKey),
        (signer.sign(&with(json!({"alg": "es256"})), &payload), BadToken::Algorithm),
        (signer.sign(&with(json!({"alg": "PS256", "kid": "rsa"})), &payload), BadToken::Algorithm),
        (signer.sign(&with(json!({"crit": ["exp"]})), &payload), BadToken::Algorithm),
        (signer.sign(&with(json!({"typ": "at+jwt"})), &payload), BadToken::Malformed),
        (foreign.sign(&with(json!({})), &payload), BadToken::Signature),
        (foreign.sign(&with(json!({"jwk": foreign.jwk()})), &payload), BadToken::Signature),
        (foreign.sign(&with(json!({"jku": "https://evil.example/jwks"})), &payload), BadToken::Signature),
        (foreign.sign(&with(json!({"x5u": "https://evil.example/x"})), &payload), BadToken::Signature),
    ];
    for (text, why) in table {
        let head =
            text.split('.').next().map(|head| String::from_utf8(URL_SAFE_NO_PAD.decode(head).unwrap()));
        assert_eq!(read(&keys, &text, &expected()), Err(why), "{head:?}");
    }
    for alg in ["none", "None", "NONE", "HS256", "HS512"] {
        for secret in [rsa.to_string(), signer.jwk().to_string(), String::new()] {
            for kid in [json!("one"), json!("rsa"), Value::Null] {
                let signed = parts(&merged(json!({"alg": alg}), &json!({ "kid": kid })), &payload);
                let tag =
                    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
                for end in [URL_SAFE_NO_PAD.encode(tag), String::new()] {
                    assert_eq!(
                        read(&keys, &format!("{signed}.{end}"), &expected()),
                        Err(BadToken::Algorithm),
                        "{alg}"
                    );
                }
            }
        }
    }
}

#[test]
fn a12_what_was_changed_on_the_way_is_refused() {
    let signer = Signer::new("one");
    let keys = keys(&[signer.jwk()]);
    let good = signer.sign(&header(&signer), &claims().to_string());
    for at in 0..good.len() {
        let mut bad = good.clone().into_bytes();
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        let bad = String::from_utf8(bad).unwrap();
        assert!(read(&keys, &bad, &expected()).is_err(), "byte {at}");
    }
    for bad in [
        "",
        ".",
        "..",
        "a.b.c",
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        &"a".repeat(40_000),
    ] {
        assert!(read(&keys, bad, &expected()).is_err(), "{bad:.20}");
    }
}

#[test]
fn a_token_without_the_name_of_its_key_is_read_only_where_there_is_no_choice() {
    let (one, two) = (Signer::new("one"), Signer::new("two"));
    let text = one.sign(&json!({"alg": "ES256"}), &claims().to_string());
    assert!(read(&keys(&[one.jwk()]), &text, &expected()).is_ok());
    assert_eq!(read(&keys(&[one.jwk(), two.jwk()]), &text, &expected()), Err(BadToken::Signature));
}

#[test]
fn keys_of_other_kinds_and_uses_verify_nothing() {
    let signer = Signer::new("one");
    let text = signer.sign(&header(&signer), &claims().to_string());
    for change in [
        json!({"use": "enc"}),
        json!({"alg": "ES384"}),
        json!({"alg": "HS256"}),
        json!({"crv": "secp256k1"}),
        json!({"kty": "oct", "k": "AAAA"}),
        json!({"x": "AAAA"}),
        json!({"y": 7}),
    ] {
        let keys = keys(&[merged(signer.jwk(), &change)]);
        assert_eq!(read(&keys, &text, &expected()), Err(BadToken::UnknownKey), "{change}");
    }
    assert!(Keys::parse(b"[]").is_none() && Keys::parse(b"{}").is_none());
}

#[test]
fn an_access_token_is_held_against_its_own_audience() {
    let signer = Signer::new("one");
    let keys = keys(&[signer.jwk()]);
    let check = |change: Value| {
        let claims = merged(json!({"iss": ISSUER, "aud": "api", "sub": "248", "exp": NOW + 300}), &change);
        let text = signer.sign(&json!({"alg": "ES256", "kid": "one", "typ": "at+jwt"}), &claims.to_string());
        check_access_token(&keys, &Expected { access_token: &text, ..expected() }, "api", "248")
    };
    assert_eq!(check(json!({})), Ok(()));
    assert_eq!(check(json!({"aud": "other"})), Err(BadToken::Audience));
    assert_eq!(check(json!({"iss": "https://evil.example"})), Err(BadToken::Issuer));
    assert_eq!(check(json!({"sub": "249"})), Err(BadToken::Subject));
    assert_eq!(check(json!({"exp": NOW - 61})), Err(BadToken::Time));
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(head in "\\PC{0,60}", body in "\\PC{0,60}", text in "\\PC{0,120}") {
        let signer = Signer::new("one");
        let keys = keys(&[signer.jwk()]);
        let _ = read(&keys, &text, &expected());
        let _ = read(&keys, &format!("{}.{text}", parts(&json!(head), &body)), &expected());
        let _ = read(&keys, &signer.sign(&header(&signer), &body), &expected());
        let _ = Keys::parse(text.as_bytes());
        let _ = Keys::parse(format!("{{\"keys\":[{body}]}}").as_bytes());
    }
}
