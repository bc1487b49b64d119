//! A provider that says whatever a test wants it to, signed or not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use peers::{Upstream, reply};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use types::Clock;

/// What the provider says. Members of a change that are null take what is there away.
#[derive(Default)]
pub(super) struct Says {
    pub(super) document: Value,
    pub(super) claims: Value,
    pub(super) header: Value,
    /// In place of the ID token.
    pub(super) id_token: Option<String>,
    pub(super) token: Value,
    pub(super) userinfo: Value,
    /// In place of the published keys.
    pub(super) jwks: Option<Vec<u8>>,
    /// Signed by a key that is not published, under the name of one that is.
    pub(super) foreign: bool,
    /// Status and body in place of what the token endpoint says.
    pub(super) token_answer: Option<(u16, String)>,
    /// How long it waits before it gives its keys.
    pub(super) slow: Duration,
}

struct Inner {
    says: Says,
    clock: Clock,
    /// As the last login told it.
    nonce: String,
    challenge: String,
    keys: Vec<Key>,
    foreign: Key,
    issuer: String,
    /// PKCE and client authentication that did not fit.
    complaints: Vec<String>,
}

struct Key {
    pair: EcdsaKeyPair,
    kid: String,
}

impl Key {
    fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Self { pair: pair.expect("a key"), kid: kid.to_owned() }
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "alg": "ES256",
               "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    fn sign(&self, header: &Value, payload: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(payload));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub(super) struct Hostile {
    upstream: Upstream,
    inner: Arc<Mutex<Inner>>,
}

impl Hostile {
    pub(super) async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            says: Says::default(),
            clock: Clock::system(),
            nonce: String::new(),
            challenge: String::new(),
            keys: vec![Key::new("one")],
            foreign: Key::new("one"),
            issuer: String::new(),
            complaints: Vec::new(),
        }));
        let shared = Arc::clone(&inner);
        let upstream = Upstream::does(move |mut stream, request| {
            let (wait, answer) = {
                let mut inner = shared.lock().expect("nobody panicked");
                let slow = if request.starts_with("GET /jwks") { inner.says.slow } else { Duration::ZERO };
                (slow, inner.answer(&request))
            };
            async move {
                tokio::time::sleep(wait).await;
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await;
        inner.lock().expect("nobody panicked").issuer = upstream.url("");
        Self { upstream, inner }
    }

    pub(super) fn issuer(&self) -> String {
        self.upstream.url("")
    }

    /// From here on it tells the time of a house.
    pub(super) fn goes_by(&self, clock: Clock) {
        self.inner.lock().expect("nobody panicked").clock = clock;
    }

    /// From here on it says this.
    pub(super) fn says(&self, says: Says) {
        self.inner.lock().expect("nobody panicked").says = says;
    }

    /// Only other claims.
    pub(super) fn claims(&self, claims: Value) {
        self.says(Says { claims, ..Says::default() });
    }

    /// Somebody was sent here: their nonce and challenge are remembered, as an honest provider would.
    pub(super) fn began(&self, location: &str) {
        let mut inner = self.inner.lock().expect("nobody panicked");
        inner.nonce = super::param(location, "nonce");
        inner.challenge = super::param(location, "code_challenge");
    }

    /// Another key signs from here on, and the one before is published no more.
    pub(super) fn rotate(&self, kid: &str) {
        self.inner.lock().expect("nobody panicked").keys = vec![Key::new(kid)];
    }

    /// How often a path was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.upstream.seen().iter().filter(|request| request.contains(&format!(" {path} HTTP"))).count()
    }

    /// What an honest provider would have complained about.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.inner.lock().expect("nobody panicked").complaints.clone()
    }

    /// The keys as they are published.
    pub(super) fn jwks(&self) -> Value {
        self.inner.lock().expect("nobody panicked").jwks()
    }

    /// A token with this header that nobody signed, and its text up to the signature.
    pub(super) fn unsigned(&self, header: &Value, nonce: &str) -> String {
        let mut inner = self.inner.lock().expect("nobody panicked");
        nonce.clone_into(&mut inner.nonce);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(header), part(&inner.payload()))
    }
}

impl Inner {
    fn jwks(&self) -> Value {
        json!({"keys": self.keys.iter().map(Key::jwk).collect::<Vec<_>>()})
    }

    fn answer(&mut self, request: &str) -> Vec<u8> {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let found = match path {
            "/.well-known/openid-configuration" => {
                let at = |path: &str| format!("{}{path}", self.issuer);
                let document = json!({"issuer": self.issuer, "authorization_endpoint": at("/authorize"),
                    "token_endpoint": at("/token"), "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/userinfo")});
                merged(document, &self.says.document)
            }
            "/jwks" => {
                let text = self.says.jwks.clone().unwrap_or_else(|| self.jwks().to_string().into_bytes());
                let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", text.len());
                return [head.as_bytes(), &text].concat();
            }
            "/token" => {
                self.examine(request);
                if let Some((status, body)) = &self.says.token_answer {
                    return reply(*status, "", body);
                }
                let token = json!({"access_token": "an access token", "token_type": "Bearer", "id_token": self.id_token()});
                merged(token, &self.says.token)
            }
            "/userinfo" => merged(json!({"sub": "248"}), &self.says.userinfo),
            _ => return reply(404, "", ""),
        };
        reply(200, "content-type: application/json\r\n", &found.to_string())
    }

    /// What an honest provider would refuse.
    fn examine(&mut self, request: &str) {
        let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let params = query::Params::parse(body).expect("a form");
        let hash = digest(&SHA256, params.get("code_verifier").unwrap_or_default().as_bytes());
        if URL_SAFE_NO_PAD.encode(hash) != self.challenge {
            self.complaints.push("the verifier does not fit the challenge".to_owned());
        }
        // `mainstay:a+secret` in base64: id and secret stand in it as in a form.
        if !request.contains("authorization: Basic bWFpbnN0YXk6YStzZWNyZXQ=\r\n") {
            self.complaints.push("the client does not say who it is".to_owned());
        }
    }

    fn id_token(&self) -> String {
        if let Some(text) = &self.says.id_token {
            return text.clone();
        }
        let key = &self.keys[0];
        let header = merged(json!({"alg": "ES256", "typ": "JWT", "kid": key.kid}), &self.says.header);
        let signer = if self.says.foreign { &self.foreign } else { key };
        signer.sign(&header, &self.payload())
    }

    fn payload(&self) -> Value {
        let now = self.clock.now().as_seconds();
        let claims = json!({"iss": self.issuer, "aud": "mainstay", "sub": "248", "exp": now + 300, "iat": now,
                            "nonce": self.nonce, "email": "new@example.test", "email_verified": true});
        merged(claims, &self.says.claims)
    }
}

fn merged(mut base: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().into_iter().flatten() {
        match (base.as_object_mut().expect("an object"), value) {
            (map, Value::Null) => {
                map.remove(name);
            }
            (map, value) => {
                map.insert(name.clone(), value.clone());
            }
        }
    }
    base
}
