//! The one error that crosses floors: what kind it is, a stable code, what the public may read, and what
//! only the log may.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller can do about it. `web` gives each its HTTP status, the command line its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request could not be read at all (400).
    Malformed,
    /// Nobody is signed in, or the credential is no good (401).
    Unauthenticated,
    /// Signed in, and told why not (403).
    Forbidden,
    /// There is nothing here that the caller may know of (404).
    NotFound,
    /// The method does not exist at this address (405).
    MethodNotAllowed,
    /// A rule of the data stands against it (409).
    Conflict,
    /// It was here, and is no longer kept (410).
    Gone,
    /// The caller's picture is stale (412).
    Stale,
    /// More than the limit that the problem names (413).
    TooLarge,
    /// A media type nobody here reads (415).
    Unsupported,
    /// Readable, and wrong (422).
    Invalid,
    /// Only another protocol speaks here (426).
    UpgradeRequired,
    /// Asked too often (429).
    TooMany,
    /// Our mistake (500).
    Internal,
    /// Another server that this needs can not be reached, or does not answer as it must (502).
    Upstream,
    /// Not now; try again (503).
    Unavailable,
    /// It took longer than it may (504).
    Timeout,
    /// No room is left (507).
    NoSpace,
}

/// One mistake in one place of what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer into the body, or the name of a parameter.
    pub path: String,
    pub message: String,
    /// Stable, like `required` or `too_long`.
    pub code: &'static str,
}

/// Boxed inside so that a `Result` stays one word wide.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    code: &'static str,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    members: Map<String, Value>,
    retry_after: Option<u64>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    context: Vec<Cow<'static, str>>,
}

impl Error {
    pub fn new(kind: Kind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            fields: Vec::new(),
            members: Map::new(),
            retry_after: None,
            source: None,
            context: Vec::new(),
        }))
    }

    pub fn malformed(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Malformed, code, message)
    }

    pub fn unauthenticated(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unauthenticated, code, message)
    }

    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Forbidden, code, message)
    }

    /// The same for what never existed and for what the caller may not know of.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "not_found", "There is nothing here.")
    }

    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    pub fn unavailable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unavailable, code, message)
    }

    pub fn upstream(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Upstream, code, message)
    }

    /// Our mistake: the caller sees a request id, the log sees the cause.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(Kind::Internal, "internal", "Something went wrong on our side.");
        error.0.source = Some(source.into());
        error
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What was being done, for the log only.
    #[must_use]
    pub fn while_doing(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.0.context.push(what.into());
        self
    }

    /// A member of its own in the problem, beside the standard ones.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn at_field(
        mut self,
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        self.0.fields.push(FieldError { path: path.into(), message: message.into(), code });
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub fn code(&self) -> &'static str {
        self.0.code
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    pub fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }

    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// The first cause of type `E`, if there is one.
    pub fn cause<E: std::error::Error + 'static>(&self) -> Option<&E> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = self.0.source.as_deref().map(|e| e as _);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<E>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// Everything, for the log: code, what was being done, and the chain of causes.
    pub fn detail(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{}: {}", self.0.code, self.0.message);
        for what in &self.0.context {
            let _ = write!(text, "; while {what}");
        }
        let mut next: Option<&(dyn std::error::Error + 'static)> = self.0.source.as_deref().map(|e| e as _);
        while let Some(error) = next {
            let _ = write!(text, "; because {error}");
            next = error.source();
        }
        text
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.0.kind, self.detail())?;
        for field in &self.0.fields {
            write!(f, "; at {}: {} ({})", field.path, field.message, field.code)?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}

/// Collects every mistake of a body before it is refused, so a form can show them all at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldError>);

impl Problems {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, path: &str, code: &'static str, message: impl Into<String>) -> &mut Self {
        self.0.push(FieldError { path: path.to_owned(), message: message.into(), code });
        self
    }

    /// Refuses text that is blank, longer than `max` characters, or that hides control characters.
    pub fn text(&mut self, path: &str, value: &str, max: usize) -> &mut Self {
        if value.trim().is_empty() {
            self.add(path, "required", "must not be empty");
        } else if value.chars().count() > max {
            self.add(path, "too_long", format!("must be at most {max} characters"));
        }
        if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.add(path, "control_character", "must not contain control characters");
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` when nothing was found, else one 422 with every mistake.
    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut error = Error::invalid("invalid", "Some fields are not valid.");
        error.0.fields = self.0;
        Err(error)
    }
}
