//! A write: everything it does is one transaction, and a retry gets the same answer.
//!
//! The order is fixed: the gate has passed; then the key; then existence, row rules, `If-Match` and validation
//! inside the work; then the reply is kept, and all of it commits at once.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use db::{Read, Tx};
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use types::{Problems, Result, Scope};

use crate::context::{Context, Found, Ground};
use crate::etag::{self, Condition, Tag};
use crate::faults::Fault;
use crate::idempotency_key::{Asked, Key, Owner};
use crate::kept;
use crate::problem::Problem;
use crate::reply::{Reply, Thing};

/// What a body is held against before anything is done with it.
pub trait Check {
    /// Adds every mistake it finds.
    fn check(&self, problems: &mut Problems);

    /// `Ok`, or one refusal with every mistake.
    fn validate(&self) -> Result<()> {
        let mut problems = Problems::new();
        self.check(&mut problems);
        problems.into_result()
    }
}

impl Check for () {
    fn check(&self, _: &mut Problems) {}
}

/// A change of one thing: which, to what, and what the caller believes it to be now.
pub struct Change<I, B = ()> {
    pub id: I,
    pub body: B,
    expected: Option<Condition>,
}

impl<I, B: Check> Change<I, B> {
    /// Called once the thing was found: refuses a stale `If-Match`, then a body that is not valid.
    pub fn admit(&self, version: i64) -> Result<()> {
        if self.expected.as_ref().is_some_and(|expected| !expected.allows(version)) {
            return Err(etag::stale(version));
        }
        self.body.validate()
    }
}

/// The extractor of every handler that writes. On a workspace unless said otherwise:
/// `Commit<Installation>` stands on the installation.
pub struct Commit<S = Scope> {
    context: Arc<Context>,
    ground: S,
}

impl<S: Ground, T: Send + Sync> FromRequestParts<T> for Commit<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &T) -> Result<Self, Problem> {
        let context = Context::of(parts)?;
        Ok(Self { ground: S::of(&Found(&context))?, context })
    }
}

impl<S: Ground> Commit<S> {
    /// Makes a thing: 201 with its address and tag.
    pub async fn created<A, T, F>(self, body: A, work: F) -> Result<Reply, Problem>
    where
        A: Check + Send + Sync + 'static,
        T: Thing + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t S, &'t A) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.run(body, Some(A::validate), work, |context, thing| {
            Ok(plain(context, StatusCode::CREATED, thing)?.at(thing.path()))
        })
        .await
    }

    /// Makes a thing whose reply holds a secret that is shown this once.
    pub async fn issued<A, T, F>(self, body: A, work: F) -> Result<Reply, Problem>
    where
        A: Check + Send + Sync + 'static,
        T: Thing + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t S, &'t A) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.run(body, Some(A::validate), work, |_, thing| {
            Ok(Reply::json(StatusCode::CREATED, thing)?.at(thing.path()).no_store())
        })
        .await
    }

    /// Changes a thing: 200 with its new tag. The work calls [`Change::admit`] once it has found it.
    pub async fn updated<I, B, T, F>(self, id: I, body: B, work: F) -> Result<Reply, Problem>
    where
        I: Send + Sync + 'static,
        B: Check + Send + Sync + 'static,
        T: Thing + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t S, &'t Change<I, B>) -> BoxFuture<'t, Result<T>>
            + Send
            + Sync
            + 'static,
    {
        let change = Change { id, body, expected: self.context.if_match.clone() };
        self.run(change, None, work, |context, thing| plain(context, StatusCode::OK, thing)).await
    }

    /// Gives a thing a new secret, which is shown this once: 201. The work calls [`Change::admit`] once it has found it.
    pub async fn reissued<I, T, F>(self, id: I, work: F) -> Result<Reply, Problem>
    where
        I: Send + Sync + 'static,
        T: Thing + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t S, &'t Change<I>) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        let change = Change { id, body: (), expected: self.context.if_match.clone() };
        self.run(change, None, work, |_, thing| {
            Ok(Reply::json(StatusCode::CREATED, thing)?.at(thing.path()).no_store())
        })
        .await
    }

    /// Takes a thing away: 204. The work calls [`Change::admit`] once it has found it.
    pub async fn deleted<I, F>(self, id: I, work: F) -> Result<Reply, Problem>
    where
        I: Send + Sync + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t S, &'t Change<I>) -> BoxFuture<'t, Result<()>> + Send + Sync + 'static,
    {
        let change = Change { id, body: (), expected: self.context.if_match.clone() };
        self.run(change, None, work, |_, ()| Ok(Reply::empty())).await
    }

    /// Does something and answers with what it says: 200.
    pub async fn done<A, T, F>(self, args: A, work: F) -> Result<Reply, Problem>
    where
        A: Check + Send + Sync + 'static,
        T: Serialize + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t S, &'t A) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.run(args, Some(A::validate), work, |_, value| Reply::ok(value)).await
    }

    async fn run<A, R, F>(
        self,
        args: A,
        validate: Option<fn(&A) -> Result<()>>,
        work: F,
        answer: fn(&Context, &R) -> Result<Reply>,
    ) -> Result<Reply, Problem>
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t S, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        let context = self.context;
        let key = context.key();
        // Held until the reply is made, so that a copy on this node waits instead of being turned away.
        let _turn = match &key {
            Some(key) => Some(context.app.in_flight().enter(key.lookup).await),
            None => None,
        };
        let unit = Unit {
            context: context.clone(),
            ground: self.ground,
            key: key.clone(),
            args,
            validate,
            work,
            answer,
        };
        let result = context.app.db().write(unit, |tx, unit| Box::pin(unit.run(tx))).await;
        match (result, key) {
            (Err(error), Some(key)) if outcome_is_unknown(&error) => Ok(context.look_up(key, error).await?),
            (result, _) => Ok(result?),
        }
    }
}

/// One write as the database runs it, perhaps more than once.
struct Unit<S, A, R, F> {
    context: Arc<Context>,
    ground: S,
    key: Option<Key>,
    args: A,
    /// A change is held against the rules by the work itself, once it knows what is there.
    validate: Option<fn(&A) -> Result<()>>,
    work: F,
    answer: fn(&Context, &R) -> Result<Reply>,
}

impl<S, A, R, F> Unit<S, A, R, F>
where
    F: for<'t> Fn(&'t mut Tx, &'t S, &'t A) -> BoxFuture<'t, Result<R>>,
{
    async fn run(&self, tx: &mut Tx) -> Result<Reply> {
        let context = &self.context;
        if let Some(key) = &self.key
            && let Some(reply) = kept::replay(tx, key).await?
            && !context.app.broken(Fault::ForgetKeys)
        {
            return Ok(reply);
        }
        if let Some(validate) = self.validate {
            validate(&self.args)?;
        }
        let value = (self.work)(tx, &self.ground, &self.args).await?;
        let reply = (self.answer)(context, &value)?;
        if let Some(key) = &self.key
            && !context.app.broken(Fault::ForgetKeys)
        {
            let ttl = context.app.settings().get::<config::sections::Idempotency>().ttl;
            kept::keep(tx, key, &reply, ttl).await?;
        }
        Ok(reply)
    }
}

impl Context {
    fn key(&self) -> Option<Key> {
        let raw = self.key.as_ref().filter(|_| self.access.kept)?;
        let workspace = self.workspace();
        let owner = Owner {
            workspace: workspace.as_ref().map_or(&[], |workspace| workspace.as_bytes()),
            principal: &self.principal(),
            method: self.method.as_str(),
            path: &self.path,
        };
        let asked =
            Asked { query: &self.query, media_type: &self.media_type, body_sha256: &self.body_sha256 };
        Some(Key::new(raw, owner, asked))
    }

    /// The connection broke during COMMIT: the kept reply tells whether it happened.
    async fn look_up(&self, key: Key, error: types::Error) -> Result<Reply> {
        let found = self.app.db().read(key, |rx: &mut Read, key| Box::pin(kept::find(rx, key))).await;
        // Whoever cannot be told more is still told that it may have happened.
        found.ok().flatten().ok_or(error)
    }
}

fn outcome_is_unknown(error: &types::Error) -> bool {
    matches!(error.cause::<db::Error>(), Some(db::Error::OutcomeUnknown))
}

fn plain<T: Thing>(context: &Context, status: StatusCode, thing: &T) -> Result<Reply> {
    Ok(Reply::json(status, thing)?.tagged(&Tag::of_thing(thing, &context.audience())))
}
