//! What production mode refuses.

use crate::{mistakes, of};

#[test]
fn production_is_the_default_and_refuses_a_short_secret() {
    let found = mistakes(of("[server]\nsecret = '0123456789012345678901234567890'\nmetrics_token = 'x'"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("server.secret (file text:2): is shorter than 32 bytes"), "{found:#?}");
    assert!(found[1].starts_with("server.metrics_token"), "{found:#?}");
    assert!(of("[server]\nsecret = '01234567890123456789012345678901'").is_ok());
    assert!(of("mode = 'development'\n[server]\nsecret = 'short'").is_ok());
    assert!(of("").is_ok(), "without a secret the binary makes one");
}

#[test]
fn production_refuses_origins_without_https() {
    let text = "[cors]\norigins = ['http://a.test', 'https://b.test', 'http://c.test']";
    let found = mistakes(of(text));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("`http://a.test` is not https, which production mode refuses"), "{found:#?}");
    assert!(of(&format!("mode = 'development'\n{text}")).is_ok());
}

#[test]
fn a41_origins_that_a_browser_does_not_send_are_refused_in_every_mode() {
    for origin in
        ["*", "null", "https://*.a.test", "https://a.test/", "a.test", "https://A.test", "https://u@a.test"]
    {
        let found = mistakes(of(&format!("mode = 'development'\n[cors]\norigins = ['{origin}']")));
        assert_eq!(found.len(), 1, "{origin}: {found:#?}");
    }
}

#[test]
fn both_the_secret_and_an_unrelated_mistake_are_told() {
    let found = mistakes(of("[server]\nsecret = 'short'\nlisten = 'nowhere'"));
    assert_eq!(found.len(), 2, "{found:#?}");
}
