//! Passkeys, with an authenticator in software that does what a device does, and what it must not.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::{Value as Cbor, cbor};
use futures_util::future::join_all;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use testkit::{Answer, Client, Engine, TestApp};

use super::factors::{answer, sign_in, winners, with_totp};
use super::{ME, SESSIONS, events};

pub(crate) const PASSKEYS: &str = "/api/v1/auth/passkeys";
pub(crate) const PUBLIC: &str = "https://desk.example.test";
const SIGN_IN: &str = "/api/v1/auth/passkeys/sign-in";
const STEP_UP: &str = "/api/v1/auth/step-up";

/// The house of these tests, reached at this address.
pub(crate) async fn start_at(engine: Engine, public: &str) -> TestApp {
    let settings = format!(
        "[server]\npublic_url = \"{public}\"\n[limits]\nsign_in = 1000000\nsigned_in = 1000000\nanonymous = 1000000\n\
         [identity]\npassword_memory_kib = 64\npassword_passes = 1\n"
    );
    TestApp::with(engine, vec![identity::system()], &settings).await
}

/// A device with one key pair, and what it tells about itself.
pub(crate) struct Device {
    keys: EcdsaKeyPair,
    id: [u8; 32],
    origin: &'static str,
    rp_id: &'static str,
    flags: u8,
    count: u32,
    handle: Option<Vec<u8>>,
}

const PRESENT_AND_VERIFIED: u8 = 0b101;

impl Device {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let keys = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("keys");
        let keys =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, keys.as_ref(), &random).expect("keys");
        let id = digest(&SHA256, keys.public_key().as_ref()).as_ref().try_into().expect("32 bytes");
        let (origin, rp_id) = (PUBLIC, "desk.example.test");
        Self { keys, id, origin, rp_id, flags: PRESENT_AND_VERIFIED, count: 0, handle: None }
    }

    fn client_data(&self, ceremony: &str, challenge: &str) -> Vec<u8> {
        json!({"type": ceremony, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into()
    }

    fn authenticator_data(&self, more: u8) -> Vec<u8> {
        let hash = digest(&SHA256, self.rp_id.as_bytes());
        [hash.as_ref(), &[self.flags | more], &self.count.to_be_bytes()].concat()
    }

    /// What `navigator.credentials.create` resolves to.
    fn created(&self, challenge: &str) -> Value {
        let point = self.keys.public_key().as_ref();
        let key = cbor!({1 => 2, 3 => -7, -1 => 1, -2 => Cbor::Bytes(point[1..33].into()), -3 => Cbor::Bytes(point[33..].into())});
        let length = u16::try_from(self.id.len()).expect("a short id").to_be_bytes();
        let data = [
            &self.authenticator_data(1 << 6),
            [0; 16].as_slice(),
            &length,
            &self.id,
            &written(&key.expect("CBOR")),
        ]
        .concat();
        let object =
            cbor!({"fmt" => "none", "attStmt" => {}, "authData" => Cbor::Bytes(data)}).expect("CBOR");
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": encoded(&self.client_data("webauthn.create", challenge)),
                "attestationObject": encoded(&written(&object)), "transports": ["internal", "made-up"], "publicKeyAlgorithm": -7,
            },
        })
    }

    /// What `navigator.credentials.get` resolves to.
    fn signed(&self, challenge: &str) -> Value {
        let (client, data) = (self.client_data("webauthn.get", challenge), self.authenticator_data(0));
        let message = [data.as_slice(), digest(&SHA256, &client).as_ref()].concat();
        let signature = self.keys.sign(&SystemRandom::new(), &message).expect("a signature");
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(&client), "authenticatorData": encoded(&data),
                "signature": encoded(signature.as_ref()), "userHandle": self.handle.as_deref().map(encoded),
            },
        })
    }

    pub(crate) async fn register(&mut self, app: &TestApp, person: &Client) -> Answer {
        let _ = app;
        let options = person.post(format!("{PASSKEYS}/register/begin"), Value::Null).await.expect(200).json();
        let handle = options["user"]["id"].as_str().expect("a handle");
        self.handle = Some(URL_SAFE_NO_PAD.decode(handle).expect("base64url"));
        let challenge = options["challenge"].as_str().expect("a challenge");
        let body = json!({"name": "My device", "credential": self.created(challenge)});
        person.post(format!("{PASSKEYS}/register/finish"), body).await
    }

    async fn sign_in(&self, app: &TestApp) -> Answer {
        let challenge = begun(app).await;
        finish(app, &self.signed(&challenge)).await
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn written(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("CBOR");
    bytes
}

/// The challenge of a sign-in that was begun.
async fn begun(app: &TestApp) -> String {
    app.anonymous().post(format!("{SIGN_IN}/begin"), Value::Null).await.expect(200).text("challenge")
}

async fn finish(app: &TestApp, credential: &Value) -> Answer {
    app.anonymous().post(format!("{SIGN_IN}/finish"), json!({"credential": credential})).await
}

testkit::on_both! {
    async fn a_passkey_is_made_and_signs_in(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let options = owner.post(format!("{PASSKEYS}/register/begin"), Value::Null).await.expect(200).json();
        assert_eq!(options["rp"]["id"], "desk.example.test");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!((&options["attestation"], &options["user"]["name"]), (&json!("none"), &json!(owner.email)));
        let mut device = Device::new();
        let made = device.register(&app, &owner).await.expect(201);
        assert_eq!(made.header("cache-control"), Some("no-store"));
        assert_eq!(made.json()["recovery_codes"].as_array().map(Vec::len), Some(10));
        let path = format!("{PASSKEYS}/{}", made.text("id"));
        assert_eq!(owner.get(PASSKEYS).await.expect(200).json()["items"][0]["name"], "My device");
        let renamed = owner.patch(&path, json!({"name": "Blue key"})).await.expect(200);
        assert_eq!(renamed.text("name"), "Blue key");
        owner.patch(&path, json!({"name": null})).await.refused(422, "invalid");
        let pair = device.sign_in(&app).await.expect(200);
        let client = app.anonymous().bearer(&pair.text("access_token"));
        assert_eq!(client.get(ME).await.expect(200).text("id"), owner.id);
        let page = client.get(SESSIONS).await.expect(200).json();
        let own = page["items"].as_array().into_iter().flatten().find(|one| one["is_current"] == true).cloned().expect("it is there");
        assert!(own["methods"] == json!(["passkey"]) && own["second_factor_at"].is_string(), "{own}");
        assert!(owner.get(PASSKEYS).await.expect(200).json()["items"][0]["last_used_at"].is_string());
        let _ = owner.delete(&path).await.expect(204);
        device.sign_in(&app).await.refused(401, "passkey_invalid");
        let _ = sign_in(&app, &owner.email, &[]).await.expect(200);
    }

    async fn p7_an_answer_of_a_passkey_gets_one_of_sixty_four_in(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let mut device = Device { count: 5, ..Device::new() };
        let id = device.register(&app, &owner).await.expect(201).text("id");
        device.count = 6;
        let signed = device.signed(&begun(&app).await);
        let answers = join_all((0..64).map(|_| finish(&app, &signed))).await;
        assert_eq!(winners(&answers, &["challenge_invalid"]), 1);
        finish(&app, &signed).await.refused(401, "challenge_invalid");
        // An answer that was sent twice is no copy of a key.
        assert!(events(&app, &id).await.is_empty());
    }

    async fn a_challenge_is_made_by_us_for_this_and_in_time(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let mut device = Device::new();
        let _ = device.register(&app, &owner).await.expect(201);
        let late = device.signed(&begun(&app).await);
        app.clock().advance(Duration::from_mins(5));
        finish(&app, &late).await.refused(401, "challenge_invalid");
        finish(&app, &device.signed("bWFkZSB1cA")).await.refused(401, "challenge_invalid");
        let other = owner.post("/api/v1/auth/step-up/passkey", Value::Null).await.expect(200).text("challenge");
        finish(&app, &device.signed(&other)).await.refused(401, "challenge_invalid");
        // A registration of somebody else's.
        let thief = app.owner("Other").await;
        let options = thief.post(format!("{PASSKEYS}/register/begin"), Value::Null).await.expect(200).json();
        let created = Device::new().created(options["challenge"].as_str().expect("a challenge"));
        let body = json!({"name": "x", "credential": created});
        owner.post(format!("{PASSKEYS}/register/finish"), body.clone()).await.refused(401, "challenge_invalid");
        let _ = thief.post(format!("{PASSKEYS}/register/finish"), body.clone()).await.expect(201);
        thief.post(format!("{PASSKEYS}/register/finish"), body).await.refused(401, "challenge_invalid");
        device.register(&app, &owner).await.refused(409, "passkey_known");
    }

    async fn a_device_that_lies_is_refused(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let mut device = Device::new();
        let _ = device.register(&app, &owner).await.expect(201);
        let lies: [fn(&mut Device); 6] = [
            |device| device.origin = "https://evil.example.test",
            |device| device.origin = "https://desk.example.test.evil.example",
            |device| device.rp_id = "example.test",
            |device| device.flags = 0b001,
            |device| device.flags = 0b100,
            |device| device.handle = Some(vec![9; 16]),
        ];
        for (at, lie) in lies.iter().enumerate() {
            let handle = device.handle.clone();
            lie(&mut device);
            let answer = device.sign_in(&app).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (401, "passkey_invalid".to_owned()), "lie {at}");
            device = Device { origin: PUBLIC, rp_id: "desk.example.test", flags: PRESENT_AND_VERIFIED, handle, ..device };
        }
        let _ = device.sign_in(&app).await.expect(200);
        let mut unverified = Device { flags: 0b001, ..Device::new() };
        unverified.register(&app, &owner).await.refused(422, "invalid");
        let mut elsewhere = Device { origin: "https://evil.example.test", ..Device::new() };
        elsewhere.register(&app, &owner).await.refused(422, "invalid");
    }

    async fn a_counter_that_does_not_go_on_is_refused_and_told(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let mut device = Device { count: 5, ..Device::new() };
        let id = device.register(&app, &owner).await.expect(201).text("id");
        device.count = 6;
        let _ = device.sign_in(&app).await.expect(200);
        for copied in [6, 3, 0] {
            device.count = copied;
            device.sign_in(&app).await.refused(401, "passkey_invalid");
        }
        assert_eq!(events(&app, &id).await, ["passkey.counter_regressed"; 3]);
        device.count = 7;
        let _ = device.sign_in(&app).await.expect(200);
    }

    async fn a_passkey_is_a_second_factor_too(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let mut device = Device::new();
        let _ = device.register(&app, &owner).await.expect(201);
        let wanted = sign_in(&app, &owner.email, &[]).await.expect(401).json();
        assert_eq!(wanted["methods"], json!(["passkey", "recovery_code"]));
        let options = &wanted["passkey"];
        assert_eq!(options["allowCredentials"][0]["id"], encoded(&device.id));
        assert_eq!(options["allowCredentials"][0]["transports"], json!(["internal"]));
        let challenge = wanted["challenge"].as_str().expect("a challenge");
        assert_eq!(options["challenge"], challenge);
        let signed = device.signed(challenge).to_string();
        let _ = answer(&app, challenge, "passkey", &signed).await.expect(200);
        answer(&app, challenge, "passkey", &signed).await.refused(401, "challenge_invalid");
        answer(&app, challenge, "passkey", "{").await.refused(400, "bad_json");
        // Another person's passkey signs the same challenge.
        let other = app.owner("Other").await;
        let mut foreign = Device::new();
        let _ = foreign.register(&app, &other).await.expect(201);
        let challenge = sign_in(&app, &owner.email, &[]).await.expect(401).text("challenge");
        let signed = foreign.signed(&challenge).to_string();
        answer(&app, &challenge, "passkey", &signed).await.refused(401, "second_factor_invalid");
        // An app beside it brings no second set of recovery codes.
        let (_, codes) = with_totp(&app, &owner).await;
        assert!(codes.is_empty());
    }

    async fn the_last_way_in_stays_whatever_it_is(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let (mut first, mut second) = (Device::new(), Device::new());
        let ids = [first.register(&app, &owner).await.expect(201).text("id"), second.register(&app, &owner).await.expect(201).text("id")];
        let forget = app.db().write(owner.email.clone(), |tx, email| Box::pin(async move {
            Ok(tx.execute("UPDATE people SET password_hash = NULL WHERE email = $1", db::params![email]).await?)
        }));
        assert_eq!(forget.await.expect("a person without a password"), 1);
        let _ = owner.delete(format!("{PASSKEYS}/{}", ids[0])).await.expect(204);
        owner.delete(format!("{PASSKEYS}/{}", ids[1])).await.refused(409, "last_way_in");
        first.sign_in(&app).await.refused(401, "passkey_invalid");
        let _ = second.sign_in(&app).await.expect(200);
    }

    async fn a_passkey_steps_up_alone(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Main").await;
        let mut device = Device::new();
        let _ = device.register(&app, &owner).await.expect(201);
        app.clock().advance(Duration::from_mins(10));
        owner.post(format!("{PASSKEYS}/register/begin"), Value::Null).await.refused(403, "step_up_required");
        let options = owner.post(format!("{STEP_UP}/passkey"), Value::Null).await.expect(200);
        let signed = device.signed(&options.text("challenge"));
        let stranger = app.owner("Other").await;
        stranger.post(STEP_UP, json!({"passkey": signed})).await.refused(401, "challenge_invalid");
        let _ = owner.post(STEP_UP, json!({"passkey": signed})).await.expect(200);
        owner.post(STEP_UP, json!({"passkey": signed})).await.refused(401, "challenge_invalid");
        let _ = owner.post(format!("{PASSKEYS}/register/begin"), Value::Null).await.expect(200);
    }

    async fn a_browser_signs_in_with_a_passkey_and_a_cookie(engine: Engine) {
        const HERE: &str = "http://localhost:8080";
        let app = start_at(engine, HERE).await;
        let owner = app.owner("Main").await;
        let mut device = Device { origin: HERE, rp_id: "localhost", ..Device::new() };
        let _ = device.register(&app, &owner).await.expect(201);
        let page = app.anonymous().with("host", "localhost:8080").with("origin", HERE);
        let begin = page.post(format!("{SIGN_IN}/begin"), Value::Null).await.expect(200).text("challenge");
        let body = json!({"credential": device.signed(&begin)});
        let elsewhere = app.anonymous().with("host", "localhost:8080").with("origin", "https://evil.example.test");
        assert_eq!(elsewhere.post("/api/v1/auth/session/passkey", body.clone()).await.status.as_u16(), 403);
        let signed_in = page.post("/api/v1/auth/session/passkey", body.clone()).await.expect(200);
        let line = signed_in.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie");
        assert_eq!(page.clone().with("cookie", line).get(ME).await.expect(200).text("id"), owner.id);
        page.post("/api/v1/auth/session/passkey", body).await.refused(401, "challenge_invalid");
    }

    async fn without_a_public_address_there_are_no_passkeys(engine: Engine) {
        for public in ["http://desk.example.test", "https://192.0.2.7"] {
            let app = start_at(engine, public).await;
            let owner = app.owner("Main").await;
            owner.post(format!("{PASSKEYS}/register/begin"), Value::Null).await.refused(409, "passkeys_unavailable");
            app.anonymous().post(format!("{SIGN_IN}/begin"), Value::Null).await.refused(409, "passkeys_unavailable");
        }
    }
}
