//! `mainstay doctor`: the findings as a tree or as JSON.

use config::sections::{Database, General};
use serde_json::json;

use super::{Exit, Failed, Global, Out, VERSION, serve};
use crate::doctor::{Finding, Patient, State, examine};
use crate::folder::Lock;
use crate::startup::load_settings;

#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// End with code 10 when there are warnings.
    #[arg(long)]
    strict: bool,
    /// Leave a check out, by its name. Can be given more than once.
    #[arg(long, value_name = "NAME")]
    skip: Vec<String>,
}

pub(crate) fn run(args: &Doctor, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let settings =
        load_settings(global.config.clone(), serve::flags(global)).map_err(super::config::failed)?;
    let folder = settings.get::<General>().data.clone();
    let sqlite = settings.get::<Database>().is_sqlite();
    // Held while we look, so that no server starts in the middle of it.
    let (lock, running) = match Lock::take(&folder) {
        Ok(lock) => (Some(lock), false),
        Err(error) => (None, error.in_use),
    };
    serve::runtime()?.block_on(async {
        let looking = lock.is_some() && folder.join("mainstay.db").exists() || !sqlite;
        let db = if looking {
            crate::startup::connect(&settings, &folder)
                .await
                .map_err(|error| telemetry::logs::redact::text(&error.detail()).into_owned())
        } else {
            Err("there is no database yet: the first start makes it".to_owned())
        };
        let patient = Patient { settings, folder, running, db };
        let mut findings = examine(&patient).await;
        findings.retain(|(check, _)| !args.skip.iter().any(|skip| skip == check.name));
        if let Ok(db) = &patient.db {
            db.close().await;
        }
        let worst = findings.iter().map(|(_, finding)| finding.state).max().unwrap_or(State::Ok);
        let mut text = format!("Mainstay {VERSION}\n");
        let mut group = "";
        for (check, finding) in &findings {
            if check.group != group {
                group = check.group;
                text.push_str(group);
                text.push('\n');
            }
            tell(check.name, finding, &mut text);
        }
        let list: Vec<_> = findings
            .iter()
            .map(|(check, finding)| {
                json!({ "group": check.group, "name": check.name, "state": finding.state.as_str(),
                        "detail": finding.detail, "hint": finding.hint, "lines": finding.lines })
            })
            .collect();
        out.result(&text, &json!({ "version": VERSION, "state": worst.as_str(), "checks": list }));
        Ok(match worst {
            State::Fail => Exit::Failures,
            State::Warn if args.strict => Exit::Warnings,
            _ => Exit::Ok,
        })
    })
}

fn tell(name: &str, finding: &Finding, text: &mut String) {
    use std::fmt::Write as _;
    let _ = writeln!(text, "  {:4}  {name}: {}", finding.state.as_str(), finding.detail);
    for line in &finding.lines {
        let _ = writeln!(text, "          - {line}");
    }
    if let Some(hint) = &finding.hint {
        let _ = writeln!(text, "        > {hint}");
    }
}
