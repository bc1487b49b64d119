//! Log lines: one object a line in JSON, one line in a terminal, whatever is put into them.
//!
//! Lines go through a bounded queue to one writer, so that a slow terminal or pipe never holds a request up; what does
//! not fit is dropped and counted.

mod escape;
mod fields;
mod layer;
mod line;
mod panics;
pub mod redact;
mod sink;

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Registry, reload};

pub use panics::install_panic_hook;
pub use sink::{Drain, Queue};

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people when standard error is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// One line for people.
    Pretty,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub format: Format,
    /// Colours in the form for people. `None`: when standard error is a terminal.
    pub color: Option<bool>,
    /// What is logged: a level, or `info,db=debug`.
    pub filter: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { format: Format::Auto, color: None, filter: "info".to_owned() }
    }
}

/// A filter that can not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{filter}` is not a log filter: {cause}. Write a level (error, warn, info, debug, trace) or `info,db=debug`"
)]
pub struct BadFilter {
    filter: String,
    cause: String,
}

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error(transparent)]
    Filter(#[from] BadFilter),
    #[error("the log of this process is already installed")]
    Twice,
}

/// The log of this process. Cheap to clone.
#[derive(Clone)]
pub struct Logs {
    filter: reload::Handle<EnvFilter, Registry>,
    queue: Queue,
}

impl Logs {
    /// Changes what is logged from the next line on.
    pub fn set_filter(&self, filter: &str) -> Result<(), BadFilter> {
        let parsed = parse(filter)?;
        self.filter.reload(parsed).map_err(|e| BadFilter { filter: filter.to_owned(), cause: e.to_string() })
    }

    /// The way to the writer: [`Queue::flush`] before the process ends.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }
}

/// Installs the log of this process. Nothing is written before the [`Drain`] runs on a thread of its own.
pub fn install(options: &Options) -> Result<(Logs, Drain), InstallError> {
    let terminal = std::io::stderr().is_terminal();
    let style = match options.format {
        Format::Json => line::Style::Json,
        Format::Auto if !terminal => line::Style::Json,
        _ => line::Style::Pretty { color: options.color.unwrap_or(terminal) },
    };
    let (queue, drain) = sink::channel();
    let (filter, handle) = reload::Layer::new(parse(&options.filter)?);
    let subscriber = Registry::default().with(filter).with(layer::Lines::new(style, queue.clone()));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| InstallError::Twice)?;
    Ok((Logs { filter: handle, queue }, drain))
}

/// Whether `filter` can be used, for the check of the configuration.
pub fn check_filter(filter: &str) -> Result<(), BadFilter> {
    parse(filter).map(|_| ())
}

fn parse(filter: &str) -> Result<EnvFilter, BadFilter> {
    // `EnvFilter` takes any word for the name of a target and then logs nothing at all.
    let lonely = !filter.contains(['=', '[', ',']);
    if filter.trim().is_empty() || lonely && filter.parse::<tracing::level_filters::LevelFilter>().is_err() {
        return Err(BadFilter { filter: filter.to_owned(), cause: "there is no such level".to_owned() });
    }
    EnvFilter::builder()
        .parse(filter)
        .map_err(|e| BadFilter { filter: filter.to_owned(), cause: e.to_string() })
}

#[cfg(test)]
mod tests;
