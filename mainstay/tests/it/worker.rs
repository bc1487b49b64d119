//! `mainstay worker`: where it runs, where it is refused, and what it answers.

use std::process::Command;

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

/// What PostgreSQL answers, a row a line.
fn psql(url: &str, sql: &str) -> String {
    let ran = Command::new("psql").args(["-X", "-q", "-t", "-A", "-c", sql, url]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

#[test]
fn what_the_clock_asks_for_comes_once_on_three_processes() {
    let database = peers::postgres().fresh_database();
    let url = database.url.as_str();
    let variables = [("MAINSTAY_DATABASE_URL", url), ("MAINSTAY_SERVER_SECRET", SECRET)];
    let folders = [folder(), folder(), folder()];
    let server = Server::spawn(folders[0].path(), &[], &variables);
    server.wait_ready();
    server.wait_for("/ready", |_| psql(url, "SELECT COUNT(*) FROM queue_schedules") != "0");
    assert_eq!(server.stop().0, 0);
    // As if nobody had run for years; again, should a full hour have brought one of them meanwhile.
    for round in 1_000.. {
        psql(url, &format!("DELETE FROM jobs; UPDATE queue_schedules SET next_at = {round}, last_at = NULL"));
        let processes: Vec<_> = ["serve", "worker", "worker"]
            .into_iter()
            .zip(&folders)
            .map(|(command, folder)| Server::spawn_as(command, folder.path(), &[], &variables))
            .collect();
        for process in &processes {
            process.wait_ready();
            process.wait_for("/health", |_| {
                psql(url, "SELECT COUNT(*) FROM queue_schedules WHERE last_at IS NULL") == "0"
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        let asked = psql(url, "SELECT kind, COUNT(*) FROM jobs WHERE workspace IS NULL GROUP BY kind");
        let on_time = psql(url, &format!("SELECT COUNT(*) FROM queue_schedules WHERE last_at > {round}"));
        for process in processes {
            let (code, said) = process.stop();
            assert_eq!(code, 0, "{said}");
        }
        if on_time == "0" {
            assert!(asked.lines().count() >= 5, "{asked}");
            assert!(asked.lines().all(|line| line.ends_with("|1")), "{asked}");
            return;
        }
    }
}
