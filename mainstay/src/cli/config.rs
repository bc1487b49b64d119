//! `mainstay config`: the settings, where each comes from, what it means.

use config::{Explanation, Mistakes, Settings, Value};
use serde_json::json;

use super::{Exit, Failed, Global, Out, serve};
use crate::startup::load_settings;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Config {
    /// Look for mistakes: all of them at once, without starting anything.
    Check,
    /// Print every setting as it is now.
    Show {
        /// Print where each value comes from.
        #[arg(long)]
        origin: bool,
    },
    /// Say what a setting means, what it can be and where its value comes from.
    Explain {
        /// The setting, for example server.listen.
        key: String,
    },
    /// Print the JSON schema of the settings file.
    Schema,
}

pub(crate) fn run(command: &Config, global: &Global, out: &Out) -> Result<Exit, Failed> {
    if let Config::Schema = command {
        out.print(&pretty(&::config::json_schema(&crate::systems::sections())));
        return Ok(Exit::Ok);
    }
    let settings = load_settings(global.config.clone(), serve::flags(global)).map_err(failed)?;
    match command {
        Config::Check => {
            let not_ready = super::banner::not_ready(&settings);
            for reason in &not_ready {
                out.progress(&format!("not ready for production because {reason}"));
            }
            out.result("The settings are valid.", &json!({ "valid": true, "not_ready": not_ready }));
        }
        Config::Show { origin } => show(&settings, *origin, out),
        Config::Explain { key } => explain(&settings, key, out)?,
        Config::Schema => {}
    }
    Ok(Exit::Ok)
}

fn show(settings: &Settings, origin: bool, out: &Out) {
    let all = settings.show();
    let width = all.iter().map(|one| one.key.len()).max().unwrap_or_default();
    let lines: Vec<String> = all
        .iter()
        .map(|one| {
            let from = if origin { format!("  # {}", one.origin) } else { String::new() };
            format!("{:width$} = {}{from}", one.key, one.value)
        })
        .collect();
    let json: Vec<Value> = all.iter().map(as_json).collect();
    out.result(&lines.join("\n"), &json!({ "settings": json }));
}

fn explain(settings: &Settings, key: &str, out: &Out) -> Result<(), Failed> {
    let Some(one) = settings.explain(key) else {
        let next = match settings.nearest(key) {
            Some(near) => format!("{near} `mainstay config show` lists all of them."),
            None => "`mainstay config show` lists all of them.".to_owned(),
        };
        return Err(Failed::new(
            Exit::NotFound,
            "unknown_setting",
            format!("there is no setting `{key}`"),
            next,
        ));
    };
    let mut lines = vec![one.key.clone(), format!("  {}", one.help.trim().replace('\n', "\n  "))];
    lines.push(format!("  value     {}", one.value));
    lines.push(format!("  from      {}", one.origin));
    lines.push(format!("  default   {}", one.default));
    lines.push(format!("  can be    {}", one.kind));
    lines.push(format!("  example   {}", one.example));
    lines.push(format!("  variable  {}", one.variable));
    lines.push(format!(
        "  changes   {}",
        if one.runtime { "while the server runs" } else { "with a restart" }
    ));
    if let Some(lock) = &one.locked_by {
        lines.push(format!("  locked    by {lock}"));
    }
    out.result(&lines.join("\n"), &as_json(&one));
    Ok(())
}

fn as_json(one: &Explanation) -> Value {
    json!({
        "key": one.key, "value": one.value, "origin": one.origin.to_string(), "default": one.default,
        "help": one.help.trim(), "kind": one.kind, "example": one.example, "variable": one.variable,
        "runtime": one.runtime, "secret": one.secret, "locked_by": one.locked_by,
    })
}

/// Settings that can not be used, with every mistake.
pub(crate) fn failed(mistakes: Mistakes) -> Failed {
    let what = match mistakes.0.len() {
        1 => "a setting is wrong".to_owned(),
        n => format!("{n} settings are wrong"),
    };
    let next = "Correct them; `mainstay config explain KEY` says what a setting can be.";
    let mut failed = Failed::new(Exit::Config, "config_invalid", what, next);
    failed.why = mistakes.0.iter().map(ToString::to_string).collect();
    failed
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}
