//! Real events through the real layer, read back as lines.

use super::*;

const EVIL: &str =
    "line\r\nINFO forged \u{1b}[2J\u{2028}\u{2029}\u{85}\u{7f}\u{0}\u{202e} {\"level\":\"error\"}\",\"x\":\"";

fn written(
    style: line::Style,
    filter: &str,
    say: impl FnOnce(&reload::Handle<EnvFilter, Registry>),
) -> String {
    let (queue, drain) = sink::channel();
    let (filter, handle) = reload::Layer::new(parse(filter).unwrap());
    let subscriber = Registry::default().with(filter).with(layer::Lines::new(style, queue));
    tracing::subscriber::with_default(subscriber, || say(&handle));
    let mut out = Vec::new();
    drop(handle);
    drain.write_to(&mut out);
    String::from_utf8(out).unwrap()
}

fn request(user: &str) {
    let span = tracing::info_span!(
        "request",
        request_id = "r1",
        trace_id = "t1",
        workspace = "w1",
        actor = user,
        route = "/x"
    );
    let _in = span.enter();
    tracing::info!(request_id = "forged", user, password = user, n = 7, ok = true, "signed in: {user}");
}

#[test]
fn a_line_is_one_object_with_its_ties_on_top() {
    let text = written(line::Style::Json, "info", |_| request("ann"));
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["level"], "info");
    assert_eq!(line["message"], "signed in: ann");
    assert_eq!(line["target"], "telemetry::logs::tests");
    for (tie, value) in [("request_id", "r1"), ("trace_id", "t1"), ("workspace", "w1"), ("actor", "ann")] {
        assert_eq!(line[tie], value);
    }
    assert_eq!(line["fields"]["n"], 7);
    assert_eq!(line["fields"]["route"], "/x");
    assert_eq!(line["fields"]["password"], redact::HIDDEN);
    assert!(line["ts"].as_str().unwrap().parse::<types::Time>().is_ok());
}

#[test]
fn a39_nothing_breaks_a_line_in_either_form() {
    for style in [line::Style::Json, line::Style::Pretty { color: false }] {
        let text = written(style, "info", |_| request(EVIL));
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        let line = text.strip_suffix('\n').unwrap();
        let bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}');
        assert!(!line.contains(bad), "{line:?}");
    }
    let text = written(line::Style::Json, "info", |_| request(EVIL));
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["fields"]["user"], EVIL, "what was said can be read back whole");
    assert_eq!(line["level"], "info");
    assert!(line.get("x").is_none());
}

#[test]
fn a39_no_secret_in_fields_spans_or_the_message() {
    for style in [line::Style::Json, line::Style::Pretty { color: true }] {
        let text = written(style, "info", |_| {
            let span = tracing::info_span!(
                "s",
                token = "hunter2",
                url = "https://x.test/a?k=hunter2",
                late = tracing::field::Empty
            );
            let _in = span.enter();
            span.record("late", "Bearer hunter2");
            tracing::info!(authorization = "hunter2", api_key = 7_318_224_905_u64, error = ?Some("password=hunter2"), "postgres://a:hunter2@db/x");
        });
        assert!(!text.contains("hunter2") && !text.contains("7318224905"), "{text}");
    }
}

#[test]
fn the_filter_changes_while_it_runs() {
    let text = written(line::Style::Pretty { color: false }, "warn", |handle| {
        tracing::info!("not yet");
        handle.reload(parse("info,telemetry=debug").unwrap()).unwrap();

        tracing::debug!("now");
    });
    assert!(!text.contains("not yet") && text.contains("now"), "{text}");
    for bad in ["loud", "info,db=loud", ""] {
        assert!(check_filter(bad).is_err(), "{bad:?}");
    }
    assert!(check_filter("info,db=debug").is_ok());
}

#[test]
fn a_long_value_is_cut() {
    let text = written(line::Style::Json, "info", |_| tracing::info!(body = "ä".repeat(100_000), "x"));
    assert!(text.len() < 40_000, "{}", text.len());
    assert!(text.contains("200000 bytes"));
}
