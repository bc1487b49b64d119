//! A read: one thing with the tag of its version, or anything else with the tag of its body.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use db::Read;
use futures_util::future::BoxFuture;
use http::request::Parts;
use query::{List, Paging, Params, Sort, SortFields};
use serde::Serialize;
use types::{Error, Result, Scope};

use crate::app::App;
use crate::context::{Context, Found, Ground};
use crate::etag::Tag;
use crate::fields;
use crate::problem::Problem;
use crate::reply::{Cache, Reply, Thing};

/// What a list may be sorted and filtered by.
pub struct ListShape {
    pub sort: SortFields,
    /// Names of parameters that narrow the list.
    pub filters: &'static [&'static str],
}

const LIST_PARAMS: &[&str] = &["page", "page_size", "cursor", "limit", "include_total", "sort", "fields"];

/// The extractor of every handler that reads. On a workspace unless said otherwise:
/// `View<Installation>` stands on the installation.
pub struct View<S = Scope> {
    context: Arc<Context>,
    ground: S,
}

impl<S: Ground, T: Send + Sync> FromRequestParts<T> for View<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &T) -> Result<Self, Problem> {
        let context = Context::of(parts)?;
        Ok(Self { ground: S::of(&Found(&context))?, context })
    }
}

impl<S: Ground> View<S> {
    pub fn app(&self) -> &App {
        &self.context.app
    }

    pub fn ground(&self) -> &S {
        &self.ground
    }

    /// What the query string asks of a list: the order, the part, and the filters that this list knows. Anything
    /// else in it is refused.
    pub fn asked(&self, shape: &ListShape) -> Result<(List, Params)> {
        let context = &self.context;
        let params = Params::parse(&context.query)?;
        let known: Vec<_> = LIST_PARAMS.iter().chain(shape.filters).copied().collect();
        params.only(&known)?;
        let filter: Vec<_> =
            shape.filters.iter().filter_map(|name| Some(format!("{name}={}", params.get(name)?))).collect();
        let place = query::Place {
            workspace: context.workspace(),
            endpoint: &context.path,
            filter: &filter.join("\n"),
        };
        let sort = Sort::parse(params.get("sort"), &shape.sort)?;
        let list = List::new(Paging::of(&params)?, sort, context.app.signer(), place)?;
        Ok((list, params))
    }

    /// One thing by its id; 404 when there is none.
    pub async fn one<A, T, F>(self, args: A, find: F) -> Result<Reply, Problem>
    where
        A: Send + Sync + 'static,
        T: Thing + Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t S, &'t A) -> BoxFuture<'t, Result<Option<T>>> + Send + Sync + 'static,
    {
        let context = self.context;
        let found = context
            .app
            .db()
            .get((self.ground, args, find), |rx, (ground, args, find)| find(rx, ground, args));
        let thing = found.await?.ok_or_else(Error::not_found)?;
        if let Some(names) = fields::asked(&context.query)? {
            return Ok(context.narrowed(&thing, &names)?);
        }
        let tag = Tag::of_thing(&thing, &context.audience());
        Ok(context.answer(Reply::ok(&thing)?, &tag))
    }

    /// Anything else: lists, summaries. All statements look at one moment.
    pub async fn body<A, T, F>(self, args: A, make: F) -> Result<Reply, Problem>
    where
        A: Send + Sync + 'static,
        T: Serialize + Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t S, &'t A) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        let context = self.context;
        let made = context
            .app
            .db()
            .snapshot((self.ground, args, make), |rx, (ground, args, make)| make(rx, ground, args));
        let value = made.await?;
        if let Some(names) = fields::asked(&context.query)? {
            return Ok(context.narrowed(&value, &names)?);
        }
        Ok(context.by_body(Reply::ok(&value)?))
    }

    /// Something that was not read from the database.
    pub fn answer<T: Serialize>(self, value: &T) -> Result<Reply, Problem> {
        Ok(self.context.by_body(Reply::ok(value)?))
    }
}

impl Context {
    fn narrowed<T: Serialize>(&self, value: &T, names: &[String]) -> Result<Reply> {
        let value = serde_json::to_value(value).map_err(Error::internal)?;
        Ok(self.by_body(Reply::ok(&fields::keep(value, names)?)?))
    }

    /// Tags the reply by what it says.
    fn by_body(&self, reply: Reply) -> Reply {
        let tag = Tag::of_body(&reply.body, &self.audience());
        self.answer(reply, &tag)
    }

    /// Tags the reply, or answers 304 when the caller holds it already.
    fn answer(&self, reply: Reply, tag: &Tag) -> Reply {
        let cache = if self.caller.is_none() { Cache::Public } else { Cache::Private };
        let reply = reply.tagged(tag).cached(cache);
        let held = self.if_none_match.as_ref().is_some_and(|condition| condition.holds(tag));
        if held { reply.not_modified() } else { reply }
    }
}

const TIMELINE: ListShape = ListShape { sort: journal::TIMELINE, filters: &[] };

impl View<Scope> {
    /// What happened to one thing, in order. `find` tells under which id the journal knows it; 404 when there is no
    /// such thing.
    pub async fn timeline<A, F>(self, args: A, find: F) -> Result<Reply, Problem>
    where
        A: Send + Sync + 'static,
        F: for<'t> Fn(&'t mut Read, &'t Scope, &'t A) -> BoxFuture<'t, Result<Option<String>>>
            + Send
            + Sync
            + 'static,
    {
        let (list, _) = self.asked(&TIMELINE)?;
        self.body((list, args, find), |rx, scope, (list, args, find)| {
            Box::pin(async move {
                let subject = find(rx, scope, args).await?.ok_or_else(Error::not_found)?;
                journal::timeline(rx, scope, &subject, list).await
            })
        })
        .await
    }
}
