//! Settings that are wrong.

use crate::process::{Ran, folder, mainstay, run};

fn with(variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    Ran::from(mainstay(arguments).envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn every_mistake_is_told_at_once_and_the_code_is_3() {
    let place = folder();
    let file = place.path().join("wrong.toml");
    std::fs::write(&file, "workrs = 1\n[server]\nlisten = \"nowhere\"\nrequest_deadline = \"soon\"\n")
        .unwrap();
    let file = file.to_str().unwrap();
    let data = place.path().to_str().unwrap();
    for command in [&["config", "check"][..], &["serve", "--data", data]] {
        let ran = run(&[command, &["--config", file]].concat());
        assert_eq!(ran.code, 3, "{}", ran.err);
        for part in
            ["workrs", "did you mean `workers`", "server.listen", "nowhere", "server.request_deadline"]
        {
            assert!(ran.err.contains(part), "{part} is not in\n{}", ran.err);
        }
        assert!(ran.out.is_empty());
    }
    assert!(!place.path().join("mainstay.db").exists(), "nothing was made");
}

#[test]
fn check_14_a_worker_count_that_can_not_be_is_refused_with_what_to_do() {
    let place = folder();
    let data = place.path().to_str().unwrap();
    let two = with(&[("MAINSTAY_WORKERS", "2")], &["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_eq!(two.code, 3, "{}", two.err);
    for part in ["workers", "MAINSTAY_WORKERS", "SQLite", "set workers = 1", "postgres://"] {
        assert!(two.err.contains(part), "{part} is not in\n{}", two.err);
    }
    let word = with(&[("MAINSTAY_WORKERS", "two")], &["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert!(word.code == 3 && word.err.contains("whole number"), "{}", word.err);
}

#[test]
fn production_refuses_short_secrets_without_printing_them() {
    let variables = [("MAINSTAY_SERVER_SECRET", "hunter2")];
    let refused = with(&variables, &["config", "check"]);
    assert!(refused.code == 3 && refused.err.contains("server.secret"), "{}", refused.err);
    for arguments in
        [&["config", "check"][..], &["config", "show", "--dev"], &["config", "show", "--dev", "--json"]]
    {
        let ran = with(&variables, arguments);
        assert!(!ran.err.contains("hunter2") && !ran.out.contains("hunter2"), "{arguments:?}");
    }
}

#[test]
fn every_value_tells_where_it_comes_from() {
    let place = folder();
    let file = place.path().join("mainstay.toml");
    std::fs::write(&file, "[limits]\nanonymous = 7\n").unwrap();
    let data = place.path().to_str().unwrap();
    let variables = [("MAINSTAY_SERVER_LISTEN", "127.0.0.1:4711")];
    let shown = with(&variables, &["config", "show", "--origin", "--data", data, "--dev"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let origin = |key: &str| {
        let line = shown.out.lines().find(|line| line.split(' ').next() == Some(key)).unwrap();
        line.rsplit_once("# ").unwrap().1.to_owned()
    };
    assert_eq!(origin("server.listen"), "env MAINSTAY_SERVER_LISTEN");
    assert_eq!(origin("mode"), "flag --dev");
    assert_eq!(origin("data"), "flag --data");
    assert_eq!(origin("workers"), "default");
    assert!(origin("limits.anonymous").contains("mainstay.toml:2"), "{}", origin("limits.anonymous"));
    let explained = with(&variables, &["config", "explain", "server.listen"]);
    assert!(explained.out.contains("MAINSTAY_SERVER_LISTEN") && explained.out.contains("127.0.0.1:4711"));
    let unknown = run(&["config", "explain", "server.lisen"]);
    assert!(unknown.code == 4 && unknown.err.contains("`server.listen`"), "{}", unknown.err);
}
