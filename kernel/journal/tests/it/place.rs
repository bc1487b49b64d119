//! A journal for one test, on the engine that it asks for, and short ways to write into it and read from it.

use db::{Db, Engine, Options};
use journal::audit::{Audited, Sought};
use journal::{Event, EventId, NewEvent, Since};
use query::{List, Page, Signer};
use serde_json::json;
use types::{Actor, ActorKind, Clock, Result, Scope, Time, Trace, WorkspaceId};

pub(crate) const KINDS: &[&str] = &["thing.made", "thing.changed"];
pub(crate) const START: Time = Time::from_millis(1_780_000_000_000);

pub(crate) struct Place {
    _folder: tempfile::TempDir,
    _database: Option<peers::Database>,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) home: WorkspaceId,
}

impl Place {
    pub(crate) async fn on(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = (engine == Engine::Postgres).then(|| peers::postgres().fresh_database());
        let url = database.as_ref().map_or("sqlite".to_owned(), |database| database.url.clone());
        let clock = Clock::standing(START);
        let db =
            Db::open(Options { clock: clock.clone(), ..Options::new(url, folder.path()) }).await.unwrap();
        db.migrate(&[journal::MIGRATIONS]).await.unwrap();
        Self { _folder: folder, _database: database, db, clock, home: WorkspaceId::at(START) }
    }

    /// Writes one event in a commit of its own.
    pub(crate) async fn append(&self, scope: &Scope, subject: &str) -> EventId {
        self.begin(scope, subject, 0.0).await.unwrap()
    }

    /// The same, of another kind.
    pub(crate) async fn write_as(&self, scope: &Scope, kind: &'static str, subject: &str) {
        let write = self.db.write((scope.clone(), kind, subject.to_owned()), |tx, (scope, kind, subject)| {
            Box::pin(async move { journal::append(tx, scope, NewEvent::new(kind, subject.clone())).await })
        });
        write.await.unwrap();
    }

    /// What an audit of the workspace finds, the oldest first.
    pub(crate) async fn audit(&self, scope: &Scope, sought: Sought) -> Vec<Audited> {
        let place = query::Place { workspace: Some(scope.workspace()), endpoint: "/a", filter: "" };
        let list = List::parse("", &journal::TIMELINE, &Signer::new(b"a secret"), place).unwrap();
        let page = self.db.read((scope.clone(), sought, list), |rx, (scope, sought, list)| {
            Box::pin(async move { journal::audit::page(rx, &*scope, sought, list).await })
        });
        match page.await.unwrap() {
            Page::Numbered(page) => page.items,
            Page::Keyset(page) => page.items,
        }
    }

    /// Writes one event and keeps the transaction open for a while (PostgreSQL).
    pub(crate) fn begin(
        &self,
        scope: &Scope,
        subject: &str,
        seconds: f64,
    ) -> impl Future<Output = Result<EventId>> + Send + 'static {
        self.db.write((scope.clone(), subject.to_owned(), seconds), |tx, (scope, subject, seconds)| {
            Box::pin(async move {
                let event = NewEvent::new("thing.made", subject.clone()).with(json!({"version": 3}));
                let id = journal::append(tx, scope, event).await?;
                if *seconds > 0.0 {
                    tx.rows("SELECT pg_sleep($1)", &[(*seconds).into()]).await?;
                }
                Ok(id)
            })
        })
    }

    pub(crate) async fn after(
        &self,
        scope: &Scope,
        since: impl Into<Since>,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let feed = self.db.read((scope.clone(), since.into(), limit), |rx, (scope, since, limit)| {
            Box::pin(journal::after(rx, scope, *since, KINDS, *limit))
        });
        Ok(feed.await?.items)
    }

    /// Everything, once `count` events can be read: other tests on the same server may hold the horizon for a moment.
    pub(crate) async fn all(&self, scope: &Scope, count: usize) -> Vec<Event> {
        for _ in 0..300 {
            let events = self.after(scope, Since::Beginning, 1000).await.unwrap();
            if events.len() >= count {
                return events;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{count} events were never there");
    }
}

pub(crate) fn workspace() -> Scope {
    let actor =
        Actor { kind: ActorKind::Person, id: Some("per_1".into()), label: "owner@example.test".into() };
    let trace = Trace { request_id: "r1".into(), trace_id: "t1".into(), origin: None };
    Scope::of_request(WorkspaceId::at(START), actor, trace)
}

pub(crate) fn subjects(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.subject.as_str()).collect()
}

/// The same test on both engines; its argument is a [`Place`].
#[allow(unused_macros, reason = "the faults have an engine each")]
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn on_one_engine($place: crate::place::Place) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() { on_one_engine(crate::place::Place::on(db::Engine::Sqlite).await).await; }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() { on_one_engine(crate::place::Place::on(db::Engine::Postgres).await).await; }
        }
    )*};
}
#[allow(unused_imports, reason = "the faults have an engine each")]
pub(crate) use both;
