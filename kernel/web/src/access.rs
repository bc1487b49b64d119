//! Who may call what: one entry an operation, and no operation without one.

use std::collections::HashMap;

use http::Method;
use types::{Error, Permission, Result};
use utoipa::openapi::OpenApi;

use crate::caller::Caller;

/// The rule of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nobody has to be signed in, and nothing of a workspace is touched.
    Anyone,
    /// Anonymous callers see the public workspace; who signs in needs the permission in his own.
    Open(Permission),
    /// Whoever is signed in, about himself.
    SignedIn,
    /// The permission, in the workspace of the request.
    Workspace(Permission),
    /// The permission over the installation.
    Installation(Permission),
}

/// Which limit an operation counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    Normal,
    /// Sign-in, reset, and everything that sends mail.
    SignIn,
    Refresh,
    /// Whatever comes with a publishable key.
    Published,
    Exempt,
}

/// An entry of the access table.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// The operation id: the name of its handler.
    pub operation: &'static str,
    pub rule: Rule,
    pub tier: Tier,
    /// Whether replies are kept under an idempotency key.
    pub kept: bool,
    /// Whether a WebSocket may come without a credential and bring it in its first frame: the scripts of browsers
    /// cannot set headers there. Its handler then meets nobody, and asks.
    pub asks_later: bool,
    /// Whether its caller must have proven lately who they are. A key has nobody behind it to ask, and is refused.
    pub fresh: Fresh,
}

impl Access {
    pub const fn new(operation: &'static str, rule: Rule) -> Self {
        Self { operation, rule, tier: Tier::Normal, kept: true, asks_later: false, fresh: Fresh::Any }
    }

    #[must_use]
    pub const fn tier(self, tier: Tier) -> Self {
        Self { tier, ..self }
    }

    /// Nothing is kept for sign-in, refresh and setup: their replies are credentials.
    #[must_use]
    pub const fn unkept(self) -> Self {
        Self { kept: false, ..self }
    }

    #[must_use]
    pub const fn asks_later(self) -> Self {
        Self { asks_later: true, ..self }
    }

    /// For dangerous acts: a proof that is older than `identity.step_up_age` does not count.
    #[must_use]
    pub const fn fresh(self) -> Self {
        Self { fresh: Fresh::Person, ..self }
    }

    /// The same for a person; a key, which has nobody to ask, may do it as it is.
    #[must_use]
    pub const fn fresh_unless_key(self) -> Self {
        Self { fresh: Fresh::PersonOrKey, ..self }
    }
}

/// How young the proof of who asks has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// However old.
    Any,
    /// Younger than `identity.step_up_age`, so there has to be a person.
    Person,
    /// That, or a key.
    PersonOrKey,
}

impl Fresh {
    /// Whether a caller who last proved himself like this is asked for a proof.
    pub(crate) fn asks(self, caller: &Caller) -> bool {
        match self {
            Self::Any => false,
            Self::Person => true,
            Self::PersonOrKey => caller.proven_at.is_some(),
        }
    }
}

/// The rule for every method of every address of the API.
#[derive(Debug, Default)]
pub struct AccessTable(HashMap<String, Vec<(Method, Access)>>);

impl AccessTable {
    /// Joins the entries of all systems with the operations of the document. An operation without an entry, and an
    /// entry without an operation, is a mistake of ours that must not start.
    pub fn build(document: &OpenApi, entries: impl IntoIterator<Item = Access>) -> Result<Self> {
        let mut by_operation: HashMap<&str, Access> = HashMap::new();
        for entry in entries {
            if by_operation.insert(entry.operation, entry).is_some() {
                return Err(wrong(format!("{} has two entries in the access table", entry.operation)));
            }
        }
        let mut table: HashMap<String, Vec<(Method, Access)>> = HashMap::new();
        for (path, method, operation) in operations(document) {
            let id = operation
                .operation_id
                .as_deref()
                .ok_or_else(|| wrong(format!("{method} {path} has no operation id")))?;
            let access = by_operation
                .remove(id)
                .ok_or_else(|| wrong(format!("{id} ({method} {path}) has no entry in the access table")))?;
            table.entry(path.to_owned()).or_default().push((method, access));
        }
        if let Some(left) = by_operation.keys().next() {
            return Err(wrong(format!("the access table names {left}, which no route has")));
        }
        Ok(Self(table))
    }

    /// The entry for a request; `HEAD` is judged as the `GET` it stands for.
    pub fn find(&self, route: &str, method: &Method) -> Option<Access> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(route)?.iter().find(|(method, _)| method == wanted).map(|(_, access)| *access)
    }

    /// The methods that a route has; none when it is not in the table.
    pub fn methods(&self, route: &str) -> Vec<&str> {
        let listed = self.0.get(route).into_iter().flatten().map(|(method, _)| method);
        listed
            .flat_map(|method| [Some("HEAD").filter(|_| *method == Method::GET), Some(method.as_str())])
            .flatten()
            .collect()
    }

    /// Every entry, in the order of addresses.
    pub fn entries(&self) -> Vec<(&str, &Method, Access)> {
        let mut all: Vec<_> = self
            .0
            .iter()
            .flat_map(|(path, methods)| {
                methods.iter().map(move |(method, access)| (path.as_str(), method, *access))
            })
            .collect();
        all.sort_by(|a, b| (a.0, a.1.as_str()).cmp(&(b.0, b.1.as_str())));
        all
    }
}

/// Every operation of a document with its address and method.
pub(crate) fn operations(
    document: &OpenApi,
) -> impl Iterator<Item = (&str, Method, &utoipa::openapi::path::Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        [
            (Method::GET, &item.get),
            (Method::PUT, &item.put),
            (Method::POST, &item.post),
            (Method::DELETE, &item.delete),
            (Method::PATCH, &item.patch),
        ]
        .into_iter()
        .filter_map(move |(method, operation)| Some((path.as_str(), method, operation.as_ref()?)))
    })
}

fn wrong(what: String) -> Error {
    Error::internal(what)
}
