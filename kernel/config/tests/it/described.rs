//! What is generated from the sections.

use config::{Settings, defaults_toml, json_schema, reference_markdown};

use crate::{of, sections};

#[test]
fn the_commented_defaults_are_a_settings_file_that_changes_nothing() {
    let text = defaults_toml(&sections());
    let settings = of(&text).unwrap();
    assert!(settings.show().iter().all(|e| e.origin == config::Origin::Default));
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest
                    .split_once(" = ")
                    .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')) =>
            {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let all = of(&uncommented).unwrap();
    for (was, is) in settings.show().into_iter().zip(all.show()) {
        assert_eq!(was.value, is.value, "{}", was.key);
    }
    let set = all.show().into_iter().filter(|e| e.origin != config::Origin::Default).count();
    assert!(set > 30, "only {set} defaults were found in:\n{uncommented}");
}

#[test]
fn every_setting_has_help_in_all_that_is_printed() {
    let (page, schema) = (reference_markdown(&sections()), json_schema(&sections()));
    for setting in of("").unwrap().show() {
        assert!(!setting.help.is_empty(), "{}", setting.key);
        assert!(page.contains(&format!("### `{}`", setting.key)), "{}", setting.key);
        assert!(page.contains(&setting.variable));
        let path = format!("/properties/{}", setting.key.replace('.', "/properties/"));
        let property = schema.pointer(&path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(property["description"], setting.help.as_str());
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn an_unknown_key_gets_the_nearest_name() {
    let settings = of("").unwrap();
    assert!(settings.explain("server.lisen").is_none());
    assert_eq!(settings.nearest("server.lisen").as_deref(), Some("did you mean `server.listen`?"));
    assert_eq!(settings.nearest("zzzzzz"), None);
}

#[test]
fn the_examples_of_every_kind_are_of_their_kind() {
    for section in sections() {
        for field in section.fields {
            let example = (field.kind)().example;
            if field.secret
                || matches!(
                    field.name,
                    "url" | "public_url" | "origins" | "aliases" | "level" | "trusted_proxies"
                )
            {
                continue;
            }
            let name = if section.name.is_empty() { String::new() } else { format!("[{}]\n", section.name) };
            let text = format!("{name}{} = {example}", field.name);
            if field.name != "workers" {
                Settings::of_text(&sections(), &text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes}"));
            }
        }
    }
}
