//! Redis as the binary sees it: over TLS, and what `mainstay doctor` says of it.

use std::fs;

use crate::process::{Ran, Server, folder, mainstay};

#[test]
fn limits_are_counted_over_tls_by_a_redis_that_proves_its_name() {
    let place = folder();
    let (data, certificate, key) =
        (place.path().join("data"), place.path().join("certificate.pem"), place.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let redis = peers::Redis::with_tls(&certificate, &key);
    let url = redis.url_over_tls();
    let doctor = |variables: &[(&str, &str)]| {
        let mut command = mainstay(&["doctor", "--data", data.to_str().unwrap()]);
        Ran::from(command.envs(variables.iter().copied()).output().unwrap())
    };
    let trusted = [("MAINSTAY_CACHE_URL", url.as_str()), ("SSL_CERT_FILE", certificate.to_str().unwrap())];
    let found = doctor(&trusted);
    assert!(found.out.contains("redis: Redis counts"), "{} {}", found.out, found.err);
    // Whoever can not prove his name is told nothing, and the house goes on with limits of its own.
    let found = doctor(&trusted[..1]);
    assert!(found.out.contains("redis: Redis does not count"), "{} {}", found.out, found.err);
    assert!(found.out.contains("certificate"), "{}", found.out);
    for (variables, word) in [(&trusted[..], "\"status\":\"ok\""), (&trusted[..1], "\"cache\":\"down\"")] {
        let server = Server::spawn(&data, &["--dev"], variables);
        server.wait_ready();
        let ready = server.get("/ready").unwrap();
        assert!(ready.contains(word), "{ready}");
        let answer = server.get("/api/v1/auth/me").unwrap();
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("x-ratelimit-remaining"), "{answer}");
        assert_eq!(server.stop().0, 0);
    }
    let keys = redis.say(&["KEYS", "*"]);
    assert!(keys.contains("mainstay:"), "{keys}");
}
