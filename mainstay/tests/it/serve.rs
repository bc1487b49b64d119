//! One server on one folder.

use std::process::Stdio;

use crate::process::{PATIENCE, Server, folder, mainstay, run};

#[test]
fn the_first_start_says_at_most_15_lines_and_prints_a_setup_link() {
    let place = folder();
    let server = Server::start(place.path(), &["--dev"]);
    let began = std::time::Instant::now();
    while !server.said().contains("Ctrl-C") {
        assert!(began.elapsed() < PATIENCE, "{}", server.said());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let said = server.said();
    let banner: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("Mainstay ")).collect();
    let banner = &banner[..=banner.iter().position(|line| line.contains("Ctrl-C")).unwrap()];
    assert!(banner.len() <= 15, "{said}");
    let text = banner.join("\n");
    let link = format!("http://127.0.0.1:{}/setup?token=", server.port);
    let parts = [place.path().to_str().unwrap(), "SQLite", "settings", &link, "not ready for production"];
    for part in parts {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let path = text.lines().find_map(|line| line.split_once("/setup")).unwrap().1;
    let page = server.get(&format!("/setup{path}")).unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let (code, said) = server.stop();
    assert_eq!(code, 0, "{said}");
}

#[test]
fn where_nobody_looks_every_line_is_one_json_object_without_the_token() {
    let place = folder();
    let server = Server::start(place.path(), &[]);
    let began = std::time::Instant::now();
    while !server.said().contains("\"serving\"") {
        assert!(began.elapsed() < PATIENCE, "{}", server.said());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let (code, said) = server.stop();
    assert_eq!(code, 0, "{said}");
    for line in said.lines() {
        assert!(line.starts_with("{\"ts\":\"") && line.ends_with('}'), "{line}");
    }
    assert!(said.contains("setup-link") && !said.contains("token="), "{said}");
}

#[test]
fn a_second_process_on_one_folder_is_refused_with_what_to_do() {
    let place = folder();
    let data = place.path().to_str().unwrap();
    let server = Server::start(place.path(), &[]);
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate", "up"]] {
        let refused = run(&[command, &["--data", data]].concat());
        assert_eq!(refused.code, 7, "{}", refused.err);
        let holder = format!("process {}", server.child.id());
        for part in [data, &holder, "next step", "--data", "PostgreSQL"] {
            assert!(refused.err.contains(part), "{part} is not in\n{}", refused.err);
        }
    }
    assert!(server.get("/ready").unwrap().starts_with("HTTP/1.1 200"), "the first one goes on");
    let doctor = run(&["doctor", "--data", data]);
    assert!(doctor.code == 0 && doctor.out.contains("in use by a server"), "{}", doctor.out);
}

#[test]
fn a_killed_server_leaves_nothing_in_the_way() {
    let place = folder();
    let server = Server::start(place.path(), &[]);
    server.signal("-KILL");
    server.end();
    let link = run(&["setup-link", "--data", place.path().to_str().unwrap()]);
    assert_eq!(link.code, 0, "{}", link.err);
    let server = Server::start(place.path(), &[]);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn commands_ask_the_running_server() {
    let place = folder();
    let data = place.path().to_str().unwrap();
    let server = Server::start(place.path(), &[]);
    let link = run(&["setup-link", "--ttl", "5m", "--data", data]);
    assert_eq!(link.code, 0, "{}", link.err);
    assert!(link.err.contains("Asked the running server"), "{}", link.err);
    let path = link.out.trim().split_once("/setup").unwrap().1;
    assert!(server.get(&format!("/setup{path}")).unwrap().starts_with("HTTP/1.1 200"));
    let mut child =
        mainstay(&["admin", "create", "--email", "owner@example.test", "--password-stdin", "--data", data])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"a long enough passphrase\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(run(&["setup-link", "--data", data]).code, 5);
    let port = format!("127.0.0.1:{}", server.port);
    assert_eq!(run(&["healthcheck", "--address", &port]).code, 0);
    assert_eq!(server.stop().0, 0);
    assert_eq!(run(&["healthcheck", "--address", &port]).code, 8);
    assert!(!place.path().join("control.sock").exists());
}

#[test]
fn an_address_that_is_taken_is_told_and_nothing_stays() {
    let place = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let refused = run(&["serve", "--listen", &listen, "--data", place.path().to_str().unwrap()]);
    assert_eq!(refused.code, 7, "{}", refused.err);
    assert!(refused.err.contains("`door`") && refused.err.contains("--listen"), "{}", refused.err);
    assert!(!place.path().join("mainstay.db").exists());
    assert_eq!(Server::start(place.path(), &[]).stop().0, 0);
}
