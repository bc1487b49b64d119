//! Why a command did not do what was asked: what, why, the next step, a code.

use serde_json::{Value, json};
use types::{Error, Kind};

use super::Exit;

#[derive(Debug)]
pub(crate) struct Failed {
    /// Stable, for scripts and for the guide.
    pub code: String,
    /// One sentence.
    pub what: String,
    /// More of it, a line each.
    pub why: Vec<String>,
    pub next_step: String,
    pub exit: Exit,
}

impl Failed {
    pub(crate) fn new(exit: Exit, code: &str, what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { code: code.to_owned(), what: what.into(), why: Vec::new(), next_step: next_step.into(), exit }
    }

    #[must_use]
    pub(crate) fn why(mut self, line: impl ToString) -> Self {
        self.why.extend(line.to_string().lines().map(str::to_owned));
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "error": {
            "code": self.code, "message": self.what, "why": self.why,
            "next_step": self.next_step, "exit": self.exit as u8,
        }})
    }
}

/// What helps with an error of this kind.
pub(crate) fn next_step(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid | Kind::Malformed => "Correct it and run the command again.",
        Kind::Upstream | Kind::Unavailable | Kind::Timeout => {
            "Look at what it waits for with `mainstay doctor`, then try again."
        }
        Kind::Internal => "Look at the cause above; `mainstay doctor` may find more.",
        _ => "See `mainstay --help`.",
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let mut failed =
            Self::new(Exit::of(error.kind()), error.code(), error.message(), next_step(error.kind()));
        for field in error.fields() {
            failed.why.push(format!("{}: {}", field.path.trim_start_matches('/'), field.message));
        }
        // An operator at the machine may see the cause; passwords in it are taken out.
        if matches!(
            error.kind(),
            Kind::Internal | Kind::Upstream | Kind::Unavailable | Kind::Timeout | Kind::NoSpace
        ) {
            failed.why.push(telemetry::logs::redact::text(&error.detail()).into_owned());
        }
        failed
    }
}

impl From<tasks::stages::StartError> for Failed {
    fn from(error: tasks::stages::StartError) -> Self {
        if error.interrupted {
            let what = format!("interrupted at the stage `{}`; nothing is left running", error.stage);
            return Self::new(Exit::Interrupted, "interrupted", what, "Start it again when you like.");
        }
        let what = format!("start-up stopped at the stage `{}`", error.stage);
        let code = format!("stage_{}_failed", error.stage.replace([' ', '-'], "_"));
        let mut failed = Self::new(Exit::from_code(error.exit), &code, what, error.next_step);
        failed = failed.why(telemetry::logs::redact::text(error.cause.trim_end()));
        for problem in error.problems {
            failed = failed.why(format!("while going back, {problem}"));
        }
        failed
    }
}
