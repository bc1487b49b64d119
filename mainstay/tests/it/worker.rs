//! `mainstay worker`: where it runs, where it is refused, and what it answers.

use crate::process::{Server, folder, mainstay, run};

const SECRET: &str = "a secret that the server and its workers share";

#[test]
fn on_sqlite_it_is_refused_with_the_reason() {
    let place = folder();
    let ran = run(&["worker", "--data", place.path().to_str().unwrap()]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("SQLite belongs to one process"), "{}", ran.err);
    assert!(!place.path().join("mainstay.db").exists());
}

#[test]
fn without_the_secret_of_the_installation_it_is_refused() {
    let place = folder();
    let mut command = mainstay(&["worker", "--data", place.path().to_str().unwrap()]);
    let ran = command.env("MAINSTAY_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none").output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("server.secret"), "{said}");
}

#[test]
fn beside_a_server_it_answers_for_itself_only_and_stops_in_order() {
    let database = peers::postgres().fresh_database();
    let variables = [("MAINSTAY_DATABASE_URL", database.url.as_str()), ("MAINSTAY_SERVER_SECRET", SECRET)];
    let (one, other) = (folder(), folder());
    let server = Server::spawn(one.path(), &[], &variables);
    server.wait_ready();
    let worker = Server::spawn_as("worker", other.path(), &[], &variables);
    worker.wait_ready();
    assert!(worker.get("/health").unwrap().starts_with("HTTP/1.1 200"));
    assert!(worker.get("/metrics").unwrap().starts_with("HTTP/1.1 200"));
    assert!(worker.get("/api/v1/status").unwrap().starts_with("HTTP/1.1 404"));
    for process in [worker, server] {
        let (code, said) = process.stop();
        assert_eq!(code, 0, "{said}");
        assert!(!said.contains("\"level\":\"error\""), "{said}");
    }
}

#[test]
fn on_sqlite_the_server_may_not_leave_the_jobs_to_nobody() {
    let place = folder();
    let mut command = mainstay(&["config", "check", "--data", place.path().to_str().unwrap()]);
    let ran = command.env("MAINSTAY_JOBS_WORK", "false").output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("jobs.work") && said.contains("mainstay worker"), "{said}");
}
