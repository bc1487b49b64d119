//! P19 on PostgreSQL: a database that is not there yet, one that never comes, and two starts at once.

use std::time::{Duration, Instant};

use crate::process::{Server, folder, run};

#[test]
fn p19_two_starts_at_once_on_one_postgresql_migrate_once() {
    let database = peers::postgres().fresh_database();
    let variables = [("MAINSTAY_DATABASE_URL", database.url.as_str())];
    let (one, other) = (folder(), folder());
    let servers = [one.path(), other.path()].map(|data| Server::spawn(data, &[], &variables));
    for server in &servers {
        server.wait_ready();
    }
    for server in servers {
        let (code, said) = server.stop();
        assert_eq!(code, 0, "{said}");
        assert!(!said.contains("\"level\":\"error\""), "{said}");
    }
    let status = crate::process::mainstay(&["migrate", "status", "--data", one.path().to_str().unwrap()])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(!status.is_empty() && !status.contains("missing"), "{status}");
}

#[test]
fn check_7_a_database_that_is_not_there_yet_is_waited_for_and_ready_says_so() {
    let database = peers::postgres().fresh_database();
    let proxy = peers::Proxy::to(peers::postgres().port());
    proxy.refuse(true);
    let url =
        database.url.replace(&format!(":{}/", peers::postgres().port()), &format!(":{}/", proxy.port()));
    let place = folder();
    let server = Server::spawn(place.path(), &[], &[("MAINSTAY_DATABASE_URL", &url)]);
    let waiting = server.wait_for("/ready", |answer| answer.contains("\"waiting_for\":\"database\""));
    assert!(waiting.starts_with("HTTP/1.1 503"), "{waiting}");
    assert!(server.get("/health").unwrap().starts_with("HTTP/1.1 200"));
    assert!(server.get("/api/v1/status").unwrap().starts_with("HTTP/1.1 503"));
    std::thread::sleep(Duration::from_millis(500));
    proxy.refuse(false);
    server.wait_ready();
    let (code, said) = server.stop();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("not there yet"), "{said}");
}

#[test]
fn a_database_that_never_comes_ends_the_start_with_8() {
    let place = folder();
    let url = format!("postgres://nobody:hunter2@127.0.0.1:{}/none", peers::free_port());
    let variables = [("MAINSTAY_DATABASE_URL", url.as_str()), ("MAINSTAY_DATABASE_CONNECT_WAIT", "1s")];
    let began = Instant::now();
    let server = Server::spawn(place.path(), &[], &variables);
    let (code, said) = server.end();
    assert_eq!(code, 8, "{said}");
    assert!(said.contains("the stage `database`") && said.contains("within 1 s"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_start_that_waits_can_be_interrupted() {
    let place = folder();
    let url = format!("postgres://nobody@127.0.0.1:{}/none", peers::free_port());
    let server = Server::spawn(place.path(), &[], &[("MAINSTAY_DATABASE_URL", url.as_str())]);
    server.wait_for("/ready", |answer| answer.contains("\"database\""));
    let (code, said) = server.stop();
    assert!(code == 130 && said.contains("interrupted"), "{code} {said}");
    assert_eq!(run(&["setup-link", "--data", place.path().to_str().unwrap()]).code, 0, "the folder is free");
}
