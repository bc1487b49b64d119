//! The test vectors of WebAuthn Level 3, held against the two ceremonies.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER;

use super::ceremony::{self, Assertion, Flaw};
use super::cose::PublicKey;
use super::site::Site;

/// The bytes of one vector by name.
type Vector = HashMap<&'static str, Vec<u8>>;

fn vectors() -> Vec<(&'static str, Vector)> {
    let mut all: Vec<(&str, Vector)> = Vec::new();
    for line in include_str!("../../../tests/data/webauthn.txt").lines() {
        if let Some(name) = line.strip_prefix('[') {
            all.push((name.trim_end_matches(']'), Vector::new()));
        } else if let (Some((name, hex)), Some((_, vector))) = (line.split_once(" = "), all.last_mut()) {
            vector.insert(name, HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal"));
        }
    }
    all
}

fn vector(name: &str) -> Vector {
    vectors().into_iter().find(|(known, _)| *known == name).expect("a vector of that name").1
}

fn site() -> Site {
    Site::of("https://example.org").expect("a site")
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn registered(site: &Site, of: &Vector) -> Result<Vec<u8>, Flaw> {
    let challenge = text(&of["registration.challenge"]);
    let (data, object) = (&of["registration.clientDataJSON"], &of["registration.attestationObject"]);
    ceremony::registered(site, &challenge, data, object).map(|(credential, _)| credential.public_key)
}

fn asserted(site: &Site, key: &[u8], of: &Vector) -> Result<bool, Flaw> {
    let assertion = Assertion {
        client_data: &of["authentication.clientDataJSON"],
        authenticator_data: &of["authentication.authenticatorData"],
        signature: &of["authentication.signature"],
    };
    let challenge = text(&of["authentication.challenge"]);
    let said = ceremony::asserted(site, &challenge, key, &assertion)?;
    assert_eq!(
        ceremony::assert(site, &challenge, key, &assertion).is_ok(),
        said.verified(),
        "whose hand it was is asked"
    );
    Ok(said.verified())
}

#[test]
fn the_vectors_of_webauthn_register_and_sign_in() {
    let mut tried = 0;
    for (name, of) in vectors() {
        if name.contains("Origin") {
            continue;
        }
        let key = registered(&site(), &of).unwrap_or_else(|flaw| panic!("{name}: {flaw}"));
        asserted(&site(), &key, &of).unwrap_or_else(|flaw| panic!("{name}: {flaw}"));
        tried += 1;
    }
    assert_eq!(tried, 4, "ES256, RS256, Ed25519 and an old security key");
}

#[test]
fn the_vectors_of_framed_pages_are_refused_for_that_alone() {
    for name in ["none.ES256.crossOrigin", "none.ES256.topOrigin"] {
        let of = vector(name);
        assert_eq!(registered(&site(), &of), Err(Flaw::Framed), "{name}");
        let said =
            super::authenticator::attested(&of["registration.attestationObject"]).expect("it can be read");
        let key = said.credential.expect("a credential").public_key;
        assert_eq!(asserted(&site(), &key, &of), Err(Flaw::Framed), "{name}");
        // All else about them is right.
        let hash = ring::digest::digest(&ring::digest::SHA256, &of["authentication.clientDataJSON"]);
        let message = [of["authentication.authenticatorData"].as_slice(), hash.as_ref()].concat();
        let key = PublicKey::read(&key).expect("a key");
        assert!(key.verifies(&message, &of["authentication.signature"]), "{name}");
    }
}

#[test]
fn a_vector_is_good_for_its_own_site_challenge_and_ceremony() {
    let of = vector("none.ES256");
    let key = registered(&site(), &of).expect("it registers");
    let elsewhere = Site { origin: "https://example.com".to_owned(), ..site() };
    assert_eq!(registered(&elsewhere, &of), Err(Flaw::Origin));
    let other_id = Site { rp_id: "example.com".to_owned(), ..site() };
    assert_eq!(registered(&other_id, &of), Err(Flaw::Site));
    assert_eq!(asserted(&other_id, &key, &of), Err(Flaw::Site));
    let mut swapped = of.clone();
    swapped.insert("authentication.clientDataJSON", of["registration.clientDataJSON"].clone());
    assert_eq!(asserted(&site(), &key, &swapped), Err(Flaw::Type));
    let mut other = of.clone();
    other.insert("authentication.challenge", of["registration.challenge"].clone());
    assert_eq!(asserted(&site(), &key, &other), Err(Flaw::Challenge));
    let foreign = registered(&site(), &vector("packed.Ed25519")).expect("it registers");
    assert_eq!(asserted(&site(), &foreign, &of), Err(Flaw::Signature));
}

#[test]
fn no_changed_byte_of_a_vector_is_taken() {
    for name in ["none.ES256", "packed.Ed25519", "packed.RS256"] {
        let of = vector(name);
        let key = registered(&site(), &of).expect("it registers");
        for part in
            ["authentication.authenticatorData", "authentication.clientDataJSON", "authentication.signature"]
        {
            for at in 0..of[part].len() {
                let mut changed = of.clone();
                changed.get_mut(part).expect("the part")[at] ^= 0x20;
                assert!(asserted(&site(), &key, &changed).is_err(), "{name}: {part} at {at}");
            }
        }
    }
}
