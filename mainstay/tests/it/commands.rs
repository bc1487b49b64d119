//! Commands that need no server.

use std::io::Write as _;
use std::process::Stdio;

use crate::process::{Ran, folder, mainstay, run};

#[test]
fn help_goes_to_standard_output_and_names_every_command() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0, "{}", help.err);
    for name in
        ["serve", "init", "setup-link", "admin", "config", "migrate", "doctor", "openapi", "healthcheck"]
    {
        assert!(help.out.contains(name), "{name}");
    }
    assert!(help.err.is_empty());
    for command in [&["serve"][..], &["admin", "create"], &["config", "explain"], &["doctor"]] {
        let help = run(&[command, &["--help"]].concat());
        assert!(help.code == 0 && help.out.contains("Usage: mainstay"), "{command:?}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_a_hint() {
    for wrong in
        [&["serv"][..], &["serve", "--lisen", "x"], &["admin", "create", "--email", "e@example.test"]]
    {
        let ran = run(wrong);
        assert_eq!(ran.code, 2, "{wrong:?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty());
    }
    assert!(run(&["serv"]).err.contains("serve"));
}

#[test]
fn the_version_is_text_or_json() {
    assert!(run(&["version"]).out.starts_with("mainstay 0."));
    let json = run(&["version", "--json"]).out;
    assert!(json.starts_with('{') && json.contains("\"version\":\"0."), "{json}");
}

#[test]
fn completions_and_man_pages_come_out() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = run(&["completion", shell]);
        assert!(ran.code == 0 && ran.out.contains("setup-link"), "{shell}");
    }
    let place = folder();
    let ran = run(&["man", place.path().to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for page in ["mainstay.1", "mainstay-serve.1", "mainstay-config-explain.1"] {
        let text = std::fs::read_to_string(place.path().join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
        assert!(ran.out.contains(page), "{page} is not listed");
    }
}

#[test]
fn the_document_comes_without_a_server() {
    let ran = run(&["openapi"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("\"openapi\": \"3.1") && ran.out.contains("/api/v1/status/events"));
}

#[test]
fn nobody_reading_is_no_panic() {
    let mut child = mainstay(&["openapi"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(!ran.err.contains("panic"), "{}", ran.err);
}

#[test]
fn an_administrator_is_made_on_an_empty_folder() {
    let place = folder();
    let data = place.path().to_str().unwrap();
    let create = |password: &[u8]| {
        let mut child =
            mainstay(&["admin", "create", "--email", "owner@example.test", "--password-stdin", "--json"])
                .args(["--data", data])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
        child.stdin.take().unwrap().write_all(password).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    };
    let ran = create(b"");
    assert_eq!(ran.code, 2, "{}", ran.err);
    let ran = create(b"short\n");
    assert!(ran.code == 2 && ran.err.contains("password"), "{} {}", ran.code, ran.err);
    let ran = create(b"a long enough passphrase\n");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("\"slug\":\"main\""), "{}", ran.out);
    assert!(ran.err.contains("opening the data directly"), "{}", ran.err);
    let again = create(b"a long enough passphrase\n");
    assert_eq!(again.code, 5, "{}", again.err);
    assert_eq!(run(&["setup-link", "--data", data]).code, 5, "there is an administrator already");
    let doctor = run(&["doctor", "--data", data, "--json"]);
    assert_eq!(doctor.code, 0, "{}", doctor.out);
    assert!(doctor.out.contains("SQLite finds nothing wrong"), "{}", doctor.out);
    assert_eq!(run(&["doctor", "--data", data, "--strict"]).code, 10, "the public url is not set");
}

#[test]
fn init_makes_a_folder_that_starts_and_never_changes_a_file_that_is_there() {
    let place = folder();
    let data = place.path().join("data");
    let data = data.to_str().unwrap();
    let ran = run(&["init", "--data", data]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("/setup?token="), "{}", ran.out);
    let file = place.path().join("data/mainstay.toml");
    assert!(std::fs::read_to_string(&file).unwrap().contains("[server]"));
    std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:4711\"\n").unwrap();
    let ran = run(&["init", "--data", data]);
    assert!(ran.code == 0 && ran.err.contains("Kept the settings file"), "{}", ran.err);
    assert!(ran.out.contains("http://127.0.0.1:4711/setup?token="), "the file is read: {}", ran.out);
    let status = run(&["migrate", "status", "--data", data]);
    assert!(status.code == 0 && !status.out.contains("missing"), "{}", status.out);
    assert!(run(&["migrate", "plan", "--data", data]).out.contains("Nothing to do"));
    assert!(run(&["migrate", "up", "--data", data]).out.contains("Nothing to do"));
}

#[test]
fn a_damaged_installation_fails_the_doctor() {
    let place = folder();
    let data = place.path().to_str().unwrap();
    assert_eq!(run(&["init", "--data", data]).code, 0);
    std::os::unix::fs::symlink("/etc/hostname", place.path().join("x")).unwrap();
    std::fs::remove_file(place.path().join("secret.key")).unwrap();
    std::fs::rename(place.path().join("x"), place.path().join("secret.key")).unwrap();
    let doctor = run(&["doctor", "--data", data]);
    assert!(doctor.code == 11 && doctor.out.contains("secret.key is no plain file"), "{}", doctor.out);
    let served = run(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert!(served.code == 6 && served.err.contains("`secret`"), "{} {}", served.code, served.err);
}
