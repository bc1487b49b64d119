//! The settings written down: the commented file, the reference page, the JSON schema.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::environment::variable;
use crate::setting::clean;
use crate::{Field, Section};

/// A settings file with everything in it, commented out.
pub fn defaults_toml(sections: &[&'static Section]) -> String {
    let mut text = String::from(
        "# The settings of Mainstay. Every line is commented out and shows the default.\n\
         # An environment variable (MAINSTAY_SECTION_NAME) or a flag wins over this file.\n",
    );
    for section in ordered(sections) {
        text.push('\n');
        comment(&mut text, section.help);
        if !section.name.is_empty() {
            let _ = writeln!(text, "[{}]", section.name);
        }
        for field in section.fields {
            text.push('\n');
            comment(&mut text, field.help);
            let kind = (field.kind)();
            if field.default == "none" {
                let _ = writeln!(text, "# Not set; for example:\n## {} = {}", field.name, kind.example);
            } else {
                let _ = writeln!(text, "# {} = {}", field.name, field.default);
            }
        }
    }
    text
}

fn comment(text: &mut String, help: &str) {
    for line in help.lines().map(str::trim) {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
}

/// A TOML file has to begin with what belongs to no table.
fn ordered(sections: &[&'static Section]) -> Vec<&'static Section> {
    let (mut first, rest): (Vec<_>, Vec<_>) =
        sections.iter().copied().partition(|section| section.name.is_empty());
    first.extend(rest);
    first
}

/// The page of the guide about settings, in Markdown.
pub fn reference_markdown(sections: &[&'static Section]) -> String {
    let mut text = String::from(
        "# Settings\n\n\
         This page is made from the code: `cargo xtask generate`.\n\n\
         Settings come from five layers; each wins over those before it: the defaults below, the settings file \
         (`--config FILE` or `MAINSTAY_CONFIG`), what was changed at run time (`PATCH /api/v1/settings`, only where the table says \
         so), environment variables, and flags. What is fixed by a variable or a flag is locked: a change at run time is refused \
         and says by what.\n\n\
         `mainstay config check` lists every mistake at once, `mainstay config show --origin` says where each value came from, and \
         `mainstay config explain KEY` says what it means. A secret is written as text, or as `file:/path` of a file that only its \
         owner and group can read; it is never shown.\n",
    );
    for section in ordered(sections) {
        let title = if section.name.is_empty() { "The installation" } else { section.name };
        let _ = write!(text, "\n## {title}\n\n{}\n", clean(section.help));
        for field in section.fields {
            let _ = write!(
                text,
                "\n### `{}`\n\n{}\n\n",
                section.key(field.name),
                clean(field.help).replace('\n', "\n\n")
            );
            let _ = writeln!(text, "- {}", facts(section, field));
        }
    }
    text
}

fn facts(section: &Section, field: &Field) -> String {
    let kind = (field.kind)();
    let mut facts = vec![format!("is {}", kind.name)];
    if field.default == "none" {
        facts.push(format!("not set by default; for example `{}`", kind.example));
    } else {
        facts.push(format!("default `{}`", field.default));
    }
    if field.runtime {
        facts.push("can be changed at run time".to_owned());
    }
    if field.secret {
        facts.push("a secret".to_owned());
    }
    facts.push(format!("`{}`", variable(section, field.name)));
    facts.join("\n- ")
}

/// The JSON schema of the settings file.
pub fn json_schema(sections: &[&'static Section]) -> Value {
    let mut top = Map::new();
    for section in ordered(sections) {
        let fields: Map<String, Value> =
            section.fields.iter().map(|field| (field.name.to_owned(), property(field))).collect();
        if section.name.is_empty() {
            top.extend(fields);
        } else {
            let help = clean(section.help);
            let table = json!({"type": "object", "description": help, "additionalProperties": false, "properties": fields});
            top.insert(section.name.to_owned(), table);
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mainstay settings",
        "type": "object",
        "additionalProperties": false,
        "properties": top,
    })
}

fn property(field: &Field) -> Value {
    let mut schema = (field.kind)().schema;
    schema["description"] = Value::from(clean(field.help));
    let default = crate::layers::default_of(field).ok().map(|parsed| parsed.shown);
    if let Some(default) = default.filter(|value| !value.is_null() && !field.secret) {
        schema["default"] = default;
    }
    schema
}
