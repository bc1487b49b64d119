//! What is excused, by whom it must be explained, and that nothing is excused for longer than needed.

use std::fs;

use crate::{Finding, Tree};

/// Rules that a file breaks on purpose, each with a reason. May only shrink.
pub(crate) const EXCEPTIONS: &str = "xtask/tidy-exceptions.toml";
/// The files that may issue a scope, each with a reason. It grows with every way into the house, and is short.
pub(crate) const ISSUERS: &str = "xtask/scope-issuers.toml";

struct Exception {
    rule: String,
    path: String,
    line: usize,
}

/// Takes away the findings that are excused and adds one for each excuse that is not used.
pub(crate) fn apply(tree: &Tree, findings: &mut Vec<Finding>) {
    let mut listed = Vec::new();
    let mut wrong = Vec::new();
    for (file, rule) in [(EXCEPTIONS, None), (ISSUERS, Some("scope"))] {
        match fs::read_to_string(tree.root.join(file)) {
            Ok(text) => read(file, rule, &text, &mut listed, &mut wrong),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                wrong.push(Finding::new("exceptions", file, 1, error.to_string(), "make it readable"));
            }
        }
    }
    for (file, exception) in &listed {
        let before = findings.len();
        findings.retain(|finding| finding.rule != exception.rule || finding.path != exception.path);
        if findings.len() == before {
            let what = format!("nothing in {} needs `{}`", exception.path, exception.rule);
            wrong.push(Finding::new("exceptions", file, exception.line, what, "take the entry out"));
        }
    }
    findings.append(&mut wrong);
}

fn read(
    file: &'static str,
    rule: Option<&str>,
    text: &str,
    listed: &mut Vec<(&'static str, Exception)>,
    wrong: &mut Vec<Finding>,
) {
    let mut complain = |line, what: String, to_do: &str| {
        wrong.push(Finding::new("exceptions", file, line, what, to_do));
    };
    let table: toml::Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => return complain(1, error.to_string(), "write it as TOML"),
    };
    let entries = table.get("file").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    if rule.is_none() {
        let most = table.get("most").and_then(toml::Value::as_integer).unwrap_or(0);
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        if count > most {
            complain(
                1,
                format!("{count} exceptions, at most {most}"),
                "mend the file instead of excusing it",
            );
        } else if count < most {
            complain(
                1,
                format!("{count} exceptions, the limit still says {most}"),
                "lower `most` to the count",
            );
        }
    }
    for (index, entry) in entries.iter().enumerate() {
        let text_of = |key: &str| entry.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        let line = entry_line(text, index);
        if text_of("reason").split_whitespace().count() < 3 {
            complain(line, "an exception without a reason".into(), "say in a sentence why it has to be");
        }
        let rule = rule.map_or_else(|| text_of("rule"), str::to_owned);
        if rule == "scope" && file == EXCEPTIONS {
            complain(
                line,
                "who may issue a scope is listed elsewhere".into(),
                "move it to xtask/scope-issuers.toml",
            );
        }
        listed.push((file, Exception { rule, path: text_of("path"), line }));
    }
}

fn entry_line(text: &str, index: usize) -> usize {
    let heads = text.lines().enumerate().filter(|(_, line)| line.trim() == "[[file]]");
    heads.map(|(number, _)| number + 1).nth(index).unwrap_or(1)
}
