//! Every mistake at once, each with its place and a way out.

use config::{Mistake, Section, Settings, Sources, parse_file};
use proptest::prelude::*;

use crate::{env, flags, mistakes, of, owned, sections};

#[test]
fn every_mistake_of_every_layer_is_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.toml");
    std::fs::write(&file, "[server]\nlisten = 8080\nlisen = 'x'\n[servr]\nx = 1\n[sample]\nspan = '2m'\n")
        .unwrap();
    let found = mistakes(Settings::load(
        &sections(),
        Sources {
            file: Some(file.clone()),
            env: owned(&[("MAINSTAY_SERVER_LISTN", "x"), ("MAINSTAY_SAMPLE_NUMBER", "many")]),
            flags: vec![config::Flag::new("database.url", "mysql://h/x", "--database")],
            runtime: crate::map(serde_json::json!({"sample.size": "1 MiB", "limits.signed_in": 0})),
            ..Sources::default()
        },
    ));
    let at = file.display();
    let expected = [
        format!("server.lisen (file {at}:3): there is no such setting; did you mean `server.listen`?"),
        format!("servr (file {at}:4): there is no such section; did you mean `server`?"),
        format!("server.listen (file {at}:2): expected an address and a port, for example \"127.0.0.1:8080\"; it is `8080`"),
        format!("sample.span (file {at}:7): must be at most a minute; it is `2m`"),
        "MAINSTAY_SERVER_LISTN: there is no setting for this variable; did you mean `MAINSTAY_SERVER_LISTEN`?".into(),
        "sample.number (env MAINSTAY_SAMPLE_NUMBER): expected a whole number from 0 to 4294967295, for example 10; it is `many`".into(),
        "database.url (flag --database): expected sqlite, sqlite:/path/of.db or postgres://user@host/name".into(),
        "limits.signed_in (database): must be 1 or more; it is `0`".into(),
        "sample.size (database): can not be changed at run time; set it in the settings file or the environment and restart".into(),
    ];
    for line in &expected {
        assert!(found.contains(line), "missing: {line}\nfound: {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn broken_syntax_is_told_with_its_line_and_the_rest_is_still_read() {
    let found = mistakes(of("[server]\nlisten = \nheader_cuont = 3\n"));
    assert!(found.iter().any(|line| line.starts_with("syntax (file text:2)")), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("did you mean `server.header_count`?")), "{found:#?}");
}

#[test]
fn a_setting_outside_its_section_is_recognised() {
    let found = mistakes(of("listen = 'x'\nserver = 3\n\"server.listen\" = '127.0.0.1:1'\n"));
    assert!(found.iter().any(|line| line.contains("did you mean `server.listen`?")), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("is a section, not a value")), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("leave the quotes out")), "{found:#?}");
}

#[test]
fn a_file_that_is_not_there_is_a_mistake() {
    let file = Some("/nowhere/at/all.toml".into());
    let found = mistakes(Settings::load(&sections(), Sources { file, ..Sources::default() }));
    assert!(found[0].starts_with("/nowhere/at/all.toml: can not be opened"), "{found:#?}");
}

#[test]
fn a_variable_that_is_not_text_is_a_mistake() {
    let sources = Sources { unreadable: vec!["MAINSTAY_X".into()], ..Sources::default() };
    assert_eq!(mistakes(Settings::load(&sections(), sources)), ["MAINSTAY_X: the value is not UTF-8 text"]);
}

#[test]
fn check_14_a_worker_count_other_than_one_is_refused_with_instructions() {
    for loaded in [of("workers = 2"), env(&[("MAINSTAY_WORKERS", "2")]), flags(&[("workers", "2")])] {
        let found = mistakes(loaded);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("SQLite belongs to one process; set workers = 1"), "{found:#?}");
    }
    for bad in ["two", "1.5", "-1", "", "0x1"] {
        let found = mistakes(env(&[("MAINSTAY_WORKERS", bad)]));
        assert!(found[0].contains("expected a whole number"), "{bad}: {found:#?}");
    }
    assert!(mistakes(of("workers = 'two'"))[0].contains("expected a whole number"));
    assert!(mistakes(of("workers = 0"))[0].contains("expected 1"));
    assert!(of("workers = 1").is_ok());
    let served = mistakes(of("workers = 2\n[database]\nurl = 'postgres://h/d'"));
    assert!(served[0].contains("files on a local disk are seen by one node only"), "{served:#?}");
}

#[test]
fn nothing_is_concluded_from_a_value_that_is_wrong_itself() {
    let found = mistakes(of("workers = 2\n[database]\nurl = 'postgrs://h/d'"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("database.url"), "{found:#?}");
}

mod misplaced {
    config::section! {
        /// Would let the database say where the database is.
        pub struct Misplaced as "database" {
            /// Where.
            #[runtime]
            url: String = "x",
        }
    }
}

#[test]
fn where_the_data_is_can_not_be_a_run_time_setting() {
    let all: [&'static Section; 1] = [&misplaced::Misplaced::SECTION];
    let found = mistakes(Settings::of_text(&all, ""));
    assert_eq!(found, ["database.url: decides where the data is and can not be a run-time setting"]);
    for key in ["data", "database.url", "storage.url", "cache.url", "database.password"] {
        let settings = of("").unwrap();
        assert!(!settings.explain(key).unwrap().runtime);
        let values = crate::map(serde_json::json!({ key: "x" }));
        let found: Vec<Mistake> = settings.set_runtime(values).unwrap_err().0;
        assert_eq!(found[0].message, "can not be changed at run time");
    }
}

#[test]
fn a_network_that_trusts_everyone_or_has_stray_bits_is_refused() {
    for (net, why) in
        [("0.0.0.0/0", "trusts the whole internet"), ("10.0.0.1/8", "has bits outside its mask")]
    {
        let found = mistakes(env(&[("MAINSTAY_SERVER_TRUSTED_PROXIES", net)]));
        assert!(found[0].contains(why), "{found:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_the_reader_of_files_panic(text in "(?s).{0,200}") {
        let _ = parse_file(&text, &sections());
    }

    #[test]
    fn nothing_that_looks_like_settings_does_either(
        lines in proptest::collection::vec(
            "(\\[[a-z.]{0,8}\\]?|(mode|data|workers|listen|span|size|url|number|list|aliases) ?=? ?(\"[^\"]{0,9}\"?|-?[0-9a-fx_]{0,22}|[\\[{][^\\]}]{0,9}[\\]}]?|inf|1979-05-27))",
            0..12,
        ),
        section in "(server|sample|database|cors|routes)",
    ) {
        let _ = parse_file(&format!("[{section}]\n{}", lines.join("\n")), &sections());
        let _ = parse_file(&lines.join("\n"), &sections());
    }

    #[test]
    fn no_variable_makes_the_reader_panic(name in 0usize..200, value in "(?s).{0,40}") {
        let shown = of("").unwrap().show();
        let _ = env(&[(shown[name % shown.len()].variable.as_str(), value.as_str())]);
    }
}
