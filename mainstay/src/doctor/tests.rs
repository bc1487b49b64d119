//! Checks against a folder with something wrong in it.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

async fn found(patient: &Patient, name: &str) -> Finding {
    let check = CHECKS.iter().find(|check| check.name == name).unwrap();
    (check.run)(patient).await
}

#[tokio::test]
async fn what_is_wrong_is_found_with_a_hint() {
    let place = tempfile::tempdir().unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let text = "mode = \"development\"\n[server]\nsecret = \"short\"\npublic_url = \"http://x.example\"\n";
    let settings = config::Settings::of_text(&crate::systems::sections(), text).unwrap();
    let db = Err("nobody answers".to_owned());
    let mut patient = Patient { settings, folder: place.path().to_owned(), running: false, db };
    for (name, state) in [
        ("configuration", State::Warn),
        ("secret", State::Fail),
        ("public url", State::Warn),
        ("owner and mode", State::Ok),
        ("reachable", State::Fail),
        ("clock", State::Ok),
    ] {
        let finding = found(&patient, name).await;
        assert_eq!(finding.state, state, "{name}: {}", finding.detail);
        assert!(state == State::Ok || finding.hint.is_some(), "{name} has no hint");
    }
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(found(&patient, "owner and mode").await.state, State::Fail);
    patient.running = true;
    assert_eq!(found(&patient, "reachable").await.state, State::Ok);
}

#[tokio::test]
async fn every_action_open_to_anonymous_callers_is_listed() {
    let text = "public_workspace = \"main\"\n";
    let settings = config::Settings::of_text(&crate::systems::sections(), text).unwrap();
    let patient = Patient { settings, folder: "/".into(), running: false, db: Err(String::new()) };
    let listed = found(&patient, "anonymous callers").await.lines.join("\n");
    let open = crate::systems::all().into_iter().flat_map(|system| system.access);
    for access in open.filter(|access| matches!(access.rule, web::Rule::Anyone | web::Rule::Open(_))) {
        assert!(listed.contains(access.operation), "{} is not in\n{listed}", access.operation);
    }
    assert!(listed.contains("create_token"));
}

#[tokio::test]
async fn commits_that_do_not_wait_for_the_disk_are_warned_of() {
    let place = tempfile::tempdir().unwrap();
    let durability = async |url: &str, text: &str| {
        let settings = config::Settings::of_text(&crate::systems::sections(), text).unwrap();
        let db = db::Db::open(db::Options::new(url, place.path())).await.unwrap();
        let patient = Patient { settings, folder: place.path().to_owned(), running: false, db: Ok(db) };
        found(&patient, "durability").await
    };
    assert_eq!(durability("sqlite", "").await.state, State::Ok);
    let normal = durability("sqlite", "[database]\nsynchronous = \"normal\"\n").await;
    assert_eq!(normal.state, State::Warn);
    let careful = peers::Postgres::start(peers::Options::default());
    let database = careful.fresh_database();
    let found = durability(&database.url, "").await;
    assert_eq!(found.state, State::Ok, "{}", found.detail);
    let careless = peers::Postgres::start(peers::Options { fsync: false });
    let database = careless.fresh_database();
    let found = durability(&database.url, "").await;
    assert!(found.state == State::Warn && found.detail.contains("fsync is off"), "{}", found.detail);
}

#[tokio::test]
async fn a_redis_that_does_not_count_is_found_with_its_reason() {
    let redis = peers::Redis::with_password("open sesame");
    let look = async |url: &str, password: &str| {
        let text = format!("[cache]\nurl = \"{url}\"\npassword = \"{password}\"\n");
        let settings = config::Settings::of_text(&crate::systems::sections(), &text).unwrap();
        let db = Err("none".to_owned());
        found(&Patient { settings, folder: "/".into(), running: false, db }, "redis").await
    };
    assert_eq!(look("memory", "").await.state, State::Ok);
    assert_eq!(look(&redis.url(), "open sesame").await.state, State::Ok);
    let url = redis.url();
    redis.kill();
    for (url, password) in [(url.as_str(), "open sesame"), ("redis://127.0.0.1:1/0", "")] {
        let gone = look(url, password).await;
        assert!(gone.state == State::Warn && gone.hint.is_some(), "{gone:?}");
    }
    redis.start_again();
    let wrong = look(&url, "guess").await;
    assert!(wrong.state == State::Warn && !wrong.detail.contains("guess"), "{wrong:?}");
}

#[tokio::test]
async fn a_provider_that_can_not_be_used_is_found_with_its_reason() {
    let there =
        peers::Upstream::says(|_| peers::reply(200, "", "{\"issuer\":\"https://another.example\"}")).await;
    let text = format!(
        "[outbound]\nallow = [\"127.0.0.2/32\"]\n\
         [sso.providers.other]\nissuer = \"{}\"\nclient_id = \"a\"\n\
         [sso.providers.inside]\nissuer = \"http://127.0.0.1:8080\"\nclient_id = \"a\"\n\
         [sso.providers.off]\nissuer = \"http://127.0.0.1:8080\"\nclient_id = \"a\"\nenabled = false\n",
        there.url("")
    );
    let settings = config::Settings::of_text(&crate::systems::sections(), &text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let patient =
        Patient { settings, folder: folder.path().to_owned(), running: false, db: Err("none".to_owned()) };
    let finding = found(&patient, "providers").await;
    assert_eq!((finding.state, finding.lines.len()), (State::Fail, 2), "{finding:?}");
    let lines = finding.lines.join("\n");
    assert!(
        lines.contains("other: provider_misconfigured") && lines.contains("inside: upstream_error"),
        "{lines}"
    );
    assert!(lines.contains("a network that is not public"), "{lines}");
}
