//! The examples of the guide: every ```console block of a page runs, in order, against a server that was just started, and
//! says what the page says.

use std::path::Path;
use std::process::Command;

use crate::process::{Server, folder};

/// One command of a page, and what the page shows of its output.
struct Example {
    line: usize,
    command: String,
    shown: Vec<String>,
}

impl Example {
    fn go_on(&mut self, line: &str) {
        self.command.push('\n');
        self.command.push_str(line);
    }
}

/// What has to be there before the examples of a page that does not begin at the beginning.
const SIGNED_IN: &str = r#"
printf '%s' 'a long passphrase 42' |
    mainstay admin create --data data --email owner@example.test --password-stdin >/dev/null 2>&1 || exit 1
URL=http://127.0.0.1:8080
TOKEN=$(curl -s $URL/api/v1/auth/token -d username=owner@example.test --data-urlencode 'password=a long passphrase 42' |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -s -o /dev/null $URL/api/v1/status/events -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d '{"service_id": "api", "status": "degraded", "description": "slow answers"}'
"#;

#[test]
fn the_first_steps_do_what_the_page_says() {
    run_page(include_str!("../../../docs/guide/first-steps.md"), "");
}

#[test]
fn the_examples_of_the_page_about_events_do_what_it_says() {
    run_page(include_str!("../../../docs/guide/events.md"), SIGNED_IN);
}

fn run_page(page: &str, before: &str) {
    let examples = examples(page);
    assert!(!examples.is_empty(), "the page has no ```console block");
    let place = folder();
    let data = place.path().join("data");
    let server = Server::start(&data, &["--dev"]);
    let script = script(&examples, before).replace("127.0.0.1:8080", &format!("127.0.0.1:{}", server.port));
    let binary = Path::new(env!("CARGO_BIN_EXE_mainstay")).parent().unwrap().to_str().unwrap();
    let path = format!("{binary}:{}", std::env::var("PATH").unwrap());
    let bash = Command::new("bash")
        .args(["-uo", "pipefail", "-c", &script])
        .current_dir(place.path())
        .env_clear()
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(bash.status.success(), "{}", String::from_utf8_lossy(&bash.stderr));
    for (number, example) in examples.iter().enumerate() {
        let read = |what: &str| {
            std::fs::read_to_string(place.path().join(format!("{what}{number}"))).unwrap_or_default()
        };
        let (said, code) = (read("said"), read("code"));
        let at = format!("line {}: {}", example.line, example.command);
        assert_eq!(code.trim(), "0", "{at}\nended so and said:\n{said}");
        let said: Vec<&str> = said.lines().map(|line| line.trim_end_matches('\r')).collect();
        let shown: Vec<&str> = example.shown.iter().map(String::as_str).collect();
        assert!(
            shown.is_empty() || fits(&shown, &said),
            "{at}\nthe page shows:\n{}\nit said:\n{}",
            shown.join("\n"),
            said.join("\n")
        );
    }
    assert_eq!(server.stop().0, 0);
}

/// The commands of all ```console blocks. A command begins with `$ ` and goes on after a line that ends with `\` or `|`, and on lines
/// that begin with `>`; what follows is its output.
fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let (mut inside, mut goes_on) = (false, false);
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            (inside, goes_on) = (line == "```console", false);
            continue;
        }
        if !inside {
            continue;
        }
        let unfinished = line.ends_with(['\\', '|']);
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Example { line: index + 1, command: command.to_owned(), shown: Vec::new() });
            goes_on = unfinished;
        } else {
            let example = found.last_mut().expect("a block begins with a command");
            match line.strip_prefix('>').filter(|_| example.shown.is_empty()) {
                Some(more) => example.go_on(more),
                None if goes_on => {
                    example.go_on(line);
                    goes_on = unfinished;
                }
                None => example.shown.push(line.to_owned()),
            }
        }
    }
    found
}

/// One script of all commands, so that what one sets the next one has. It ends at the first that fails.
fn script(examples: &[Example], before: &str) -> String {
    examples.iter().enumerate().fold(before.to_owned(), |script, (number, example)| {
        let command = &example.command;
        script
            + &format!("{{\n{command}\n}} >said{number} 2>&1\necho $? >code{number}\n[ \"$(cat code{number})\" = 0 ] || exit 0\n")
    })
}

/// Whether the output is what is shown: `...` stands for anything in a line, and alone for any lines.
fn fits(shown: &[&str], said: &[&str]) -> bool {
    match (shown.split_first(), said.split_first()) {
        (None, None) => true,
        (Some((&"...", rest)), _) => (0..=said.len()).any(|skipped| fits(rest, &said[skipped..])),
        (Some((first, shown)), Some((line, said))) => line_fits(first, line) && fits(shown, said),
        _ => false,
    }
}

fn line_fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[test]
fn examples_can_fail() {
    assert!(fits(&["a", "...", "c...d"], &["a", "b", "b", "cxd"]) && fits(&["...", "c"], &["c"]));
    for said in [&["a", "cx"][..], &["a", "cxd", "more"], &["b", "cxd"], &[]] {
        assert!(!fits(&["a", "...", "c...d"], said), "{said:?}");
    }
    let page = "```console\n$ a \\\n  b\n> c\nout\n$ d\n```\n```sh\n$ e\n```\n";
    let found: Vec<_> = examples(page).into_iter().map(|one| (one.command, one.shown)).collect();
    assert_eq!(found, [("a \\\n  b\n c".to_owned(), vec!["out".to_owned()]), ("d".to_owned(), vec![])]);
}
