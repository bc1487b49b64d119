//! Which layer wins, and what is known about where a value came from.

use std::fs;

use config::{Flag, Origin, Settings, Sources};
use serde_json::json;

use crate::{Sample, flags, map, of, owned, sections};

fn stack(layers: usize, file: &std::path::Path) -> Settings {
    let mut sources = Sources::default();
    if layers > 0 {
        sources.file = Some(file.to_owned());
    }
    if layers > 1 {
        sources.runtime = map(json!({"sample.number": 3}));
    }
    if layers > 2 {
        sources.env = owned(&[("MAINSTAY_SAMPLE_NUMBER", "4")]);
    }
    if layers > 3 {
        sources.flags = vec![Flag::new("sample.number", "5", "--number")];
    }
    Settings::load(&sections(), sources).expect("every layer is sound")
}

#[test]
fn each_layer_wins_over_those_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    fs::write(&file, "# one\n[sample]\nnumber = 2\n").unwrap();
    let at = file.display().to_string();
    let expected = [
        (10, Origin::Default, None),
        (2, Origin::File { path: at, line: Some(3) }, None),
        (3, Origin::Database, None),
        (4, Origin::Env("MAINSTAY_SAMPLE_NUMBER".into()), Some("env MAINSTAY_SAMPLE_NUMBER")),
        (5, Origin::Flag("--number".into()), Some("flag --number")),
    ];
    for (layers, (value, origin, locked)) in expected.into_iter().enumerate() {
        let settings = stack(layers, &file);
        assert_eq!(settings.get::<Sample>().number, value);
        let explained = settings.explain("sample.number").unwrap();
        assert_eq!(explained.value, value);
        assert_eq!(explained.origin, origin);
        assert_eq!(explained.locked_by.as_deref(), locked);
        assert_eq!(explained.default, 10);
        assert_eq!(explained.help, "A number that can change.");
    }
}

#[test]
fn a_locked_setting_keeps_its_value_whatever_the_database_says() {
    let settings = flags(&[("sample.number", "5")]).unwrap();
    assert_eq!(settings.set_runtime(map(json!({"sample.number": 7}))).unwrap(), Vec::<String>::new());
    assert_eq!(settings.get::<Sample>().number, 5);
    assert_eq!(settings.explain("sample.number").unwrap().locked_by.as_deref(), Some("flag --sample.number"));
}

#[test]
fn the_short_variables_choose_where_the_data_is() {
    let settings = crate::env(&[
        ("MAINSTAY_DATABASE_URL", "postgres://db.test/main"),
        ("MAINSTAY_STORAGE_URL", "file:///srv/files"),
        ("MAINSTAY_CACHE_URL", "memory"),
        ("MAINSTAY_DATA", "/srv/data"),
    ])
    .unwrap();
    assert_eq!(settings.get::<config::Database>().url.host(), "db.test");
    assert_eq!(settings.get::<config::Storage>().url.path(), "/srv/files");
    assert_eq!(settings.get::<config::General>().data, std::path::Path::new("/srv/data"));
}

#[test]
fn lists_and_tables_can_be_given_as_text() {
    let list =
        |text: &str| crate::env(&[("MAINSTAY_SAMPLE_LIST", text)]).unwrap().get::<Sample>().list.clone();
    assert_eq!(list("x, y"), ["x", "y"]);
    assert_eq!(list(r#"["x,y"]"#), ["x,y"]);
    assert_eq!(list(""), Vec::<String>::new());
    let settings = crate::env(&[("MAINSTAY_ROUTES_ALIASES", r#"{"/old/*": "/new/*"}"#)]).unwrap();
    assert_eq!(settings.get::<config::Routes>().aliases["/old/*"], "/new/*");
}

#[test]
fn every_kind_of_value_can_stand_in_the_file() {
    let settings = of("mode = 'development'\n[sample]\nnumber = 0x10\nspan = '1m'\nsize = '2 KiB'\nmaybe = 'x'\n\
                       [server]\ntrusted_proxies = ['10.0.0.0/8', '::1']\n[routes]\naliases = { '/a' = '/b' }\n")
    .unwrap();
    let sample = settings.get::<Sample>();
    assert_eq!((sample.number, sample.size.0, sample.maybe.as_deref()), (16, 2048, Some("x")));
    assert_eq!(settings.get::<config::Server>().trusted_proxies[1].to_string(), "::1/128");
    assert!(config::Docs::are_served(&settings));
}

#[test]
fn another_tools_variables_are_ignored() {
    assert!(crate::env(&[]).is_ok());
    let sources = Sources::from_process(None, Vec::new());
    assert!(sources.env.iter().all(|(name, _)| name.starts_with("MAINSTAY_")));
}
