//! What is written to the log.

crate::choice! {
    /// How a line of the log is written.
    pub enum LogFormat { #[default] Auto = "auto", Json = "json", Pretty = "pretty" }
}

crate::section! {
    /// What is written to the log.
    pub struct Log as "log" {
        /// `json` lines, `pretty` for people, or `auto`: pretty on a terminal.
        format: LogFormat = "auto",
        /// `error`, `warn`, `info`, `debug` or `trace`; also for parts: `info,db=debug`.
        #[runtime] #[check(a_level)]
        level: String = "info",
    }
}

fn a_level(text: &str) -> Result<(), String> {
    let level = |word: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&word);
    let part =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_:-".contains(c));
    let good = text.split(',').all(|item| match item.trim().split_once('=') {
        Some((target, word)) => part(target) && level(word),
        None => level(item.trim()),
    });
    if good { Ok(()) } else { Err("expected a level, for example \"info\" or \"info,db=debug\"".to_owned()) }
}
