//! Secrets are never printed, and files that hold them are closed to others.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use config::{Secret, Settings, Sources};
use proptest::prelude::*;

use crate::{Sample, flags, mistakes, owned, sections};

fn written(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("the folder is ours");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("the file is ours");
    path
}

fn from_file(path: PathBuf) -> Result<Settings, config::Mistakes> {
    Settings::load(&sections(), Sources { file: Some(path), ..Sources::default() })
}

fn with_key(path: &Path) -> Result<Settings, config::Mistakes> {
    let value = format!("file:{}", path.display());
    let env = owned(&[("MAINSTAY_SAMPLE_KEY", value.as_str()), ("MAINSTAY_SAMPLE_TOKEN", value.as_str())]);
    Settings::load(&sections(), Sources { env, ..Sources::default() })
}

#[test]
fn a_secret_is_read_from_a_file_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let settings = with_key(&written(folder.path(), "key", "s e c r e t\n", 0o640)).unwrap();
    assert_eq!(settings.get::<Sample>().key.expose(), "s e c r e t");
    assert_eq!(settings.get::<Sample>().token.as_deref(), Some("s e c r e t"));
}

#[test]
fn a47_a_secret_file_that_everyone_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (mode, why) in [(0o644, "can be read by everyone"), (0o602, "can be written by everyone")] {
        let found = mistakes(with_key(&written(folder.path(), "key", "hunter2hunter2", mode)));
        assert!(found[0].contains(why), "{found:#?}");
        assert!(found[0].contains("chmod 600"), "{found:#?}");
    }
}

#[test]
fn a47_a_secret_file_behind_a_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = written(folder.path(), "key", "hunter2", 0o600);
    let link = folder.path().join("link");
    symlink(&target, &link).unwrap();
    assert!(mistakes(with_key(&link))[0].contains("is a symbolic link"));
    assert!(mistakes(with_key(folder.path()))[0].contains("is not a plain file"));
    assert!(mistakes(with_key(&folder.path().join("missing")))[0].contains("can not be opened"));
    assert!(mistakes(with_key(&written(folder.path(), "empty", "\n", 0o600)))[0].contains("is empty"));
    assert!(mistakes(with_key(Path::new("relative")))[0].contains("must be absolute"));
}

#[test]
fn a47_a_settings_file_with_a_secret_in_it_is_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "[sample]\nkey = 'hunter2'",
        "[sample]\ntoken = 'hunter2'",
        "[database]\nurl = 'postgres://me:hunter2@h/d'",
        "[sample]\nkey = 77232",
    ] {
        let found = mistakes(from_file(written(folder.path(), "open.toml", text, 0o644)));
        assert!(found.iter().any(|line| line.contains("can be read by everyone")), "{text}: {found:#?}");
        assert!(!found.iter().any(|line| line.contains("hunter2") || line.contains("77232")), "{found:#?}");
    }
    let closed = written(folder.path(), "closed.toml", "[sample]\nkey = 'hunter2'", 0o640);
    assert!(from_file(closed.clone()).is_ok());
    let link = folder.path().join("link.toml");
    symlink(&closed, &link).unwrap();
    assert!(mistakes(from_file(link))[0].contains("is a symbolic link"));
    assert!(from_file(written(folder.path(), "plain.toml", "[sample]\nnumber = 1", 0o644)).is_ok());
    let writable = mistakes(from_file(written(folder.path(), "w.toml", "[sample]\nnumber = 1", 0o666)));
    assert_eq!(writable.len(), 1, "everyone could say where the data goes: {writable:#?}");
}

#[test]
fn a47_a_secret_on_the_command_line_is_refused() {
    for pair in
        [("sample.key", "hunter2"), ("sample.token", "hunter2"), ("database.url", "postgres://u:hunter2@h/d")]
    {
        let found = mistakes(flags(&[pair]));
        assert!(found[0].contains("a secret can not be a flag"), "{found:#?}");
        assert!(!found[0].contains("hunter2"));
    }
    assert!(
        flags(&[("database.url", "postgres://u@h/d")]).is_err(),
        "a name without a password could be a token"
    );
    assert!(flags(&[("database.url", "postgres://h/d")]).is_ok());
}

/// Everything that anybody could print about these sources.
fn printed(sources: Sources) -> String {
    let mut text = format!("{sources:?}");
    match Settings::load(&sections(), sources) {
        Err(mistakes) => {
            let _ = write!(text, "{mistakes}{mistakes:?}{:?}", types::Error::from(mistakes.clone()));
        }
        Ok(settings) => {
            let (sample, server) = (settings.get::<Sample>(), settings.get::<config::Server>());
            let database = settings.get::<config::Database>();
            let _ = write!(text, "{settings:?}{sample:?}{server:?}{database:?}");
            text += &serde_json::to_string(&settings.show()).expect("it is JSON");
        }
    }
    text
}

#[test]
fn a47_a_panic_that_prints_settings_prints_no_secret() {
    let env = owned(&[("MAINSTAY_SAMPLE_KEY", "hunter2"), ("MAINSTAY_SAMPLE_TOKEN", "hunter2")]);
    let settings = Settings::load(&sections(), Sources { env, ..Sources::default() }).unwrap();
    let sample = settings.get::<Sample>();
    assert_eq!(sample.key.expose(), "hunter2");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        panic!("{sample:?} {settings:?}");
    }));
    let text = panicked.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("[secret]") && !text.contains("hunter2"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a47_no_secret_is_in_any_text(secret in "[A-Za-z0-9]{12,40}", broken in 0u8..6) {
        let secret = format!("Zq{secret}");
        let folder = tempfile::tempdir().unwrap();
        let tail = match broken {
            1 => "\n[server]\nlisten = 1",
            2 => "\n[sample",
            3 => "\nspan = '9h'",
            _ => "",
        };
        let quote = if broken == 4 { "" } else { "'" };
        let text = format!("[database]\nurl = 'postgres://me:{secret}@h/d'\n[sample]\nkey = '{secret}{quote}\n{tail}");
        let file = written(folder.path(), "s.toml", &text, 0o644);
        let env = owned(&[("MAINSTAY_SERVER_SECRET", &secret), ("MAINSTAY_SAMPLE_TOKEN", &secret)]);
        let runtime = crate::map(serde_json::json!({"sample.key": if broken == 5 { serde_json::json!([secret]) } else { serde_json::json!(secret) }}));
        for file in [None, Some(file)] {
            let sources = Sources { file, env: env.clone(), runtime: runtime.clone(), ..Sources::default() };
            let text = printed(sources);
            prop_assert!(!text.contains(&secret), "{text}");
        }
        prop_assert_eq!(format!("{:?} {}", Secret::new(&*secret), Secret::new(&*secret)), "[secret] [secret]");
    }
}
