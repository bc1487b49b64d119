//! Paging through a real table on both engines.

#![allow(clippy::unwrap_used, reason = "a test ends where something is wrong")]
#![allow(clippy::disallowed_methods, reason = "it measures")]

use std::collections::HashSet;
use std::time::Instant;

use db::{Db, Engine, Migration, Migrations, Options, params};
use query::{
    KeysetPage, Kind, List, NumberedPage, Page, Place, Select, Signer, SortColumn, SortField, SortFields,
    page,
};
use types::{Id, Kind as ErrorKind, Result, Scope, Time, Trace, WorkspaceId};

const TABLE: Migrations = Migrations {
    system: "things",
    steps: &[Migration {
        name: "0001_things",
        sqlite: "CREATE TABLE things (id BLOB PRIMARY KEY, workspace BLOB NOT NULL, name TEXT NOT NULL, \
                 rank BIGINT, created_at BIGINT NOT NULL);\n\
                 CREATE INDEX things_by_time ON things (workspace, created_at, id);",
        postgres: "CREATE TABLE things (id BYTEA PRIMARY KEY, workspace BYTEA NOT NULL, name TEXT COLLATE \"C\" NOT NULL, \
                 rank BIGINT, created_at BIGINT NOT NULL);\n\
                 CREATE INDEX things_by_time ON things (workspace, created_at, id);",
    }],
};

const FIELDS: SortFields = SortFields {
    fields: &[
        SortField { name: "created_at", columns: &[SortColumn::new("created_at", Kind::Int)] },
        SortField { name: "name", columns: &[SortColumn::new("name", Kind::Text)] },
        SortField { name: "rank", columns: &[SortColumn::new("rank", Kind::Int).nullable()] },
        SortField { name: "id", columns: &[SortColumn::new("id", Kind::Id)] },
    ],
    ..SortFields::USUAL
};

struct Things {
    _folder: tempfile::TempDir,
    _database: Option<peers::Database>,
    db: Db,
    scope: Scope,
    other: Scope,
}

impl Things {
    /// `count` things in one workspace and three in another.
    async fn on(engine: Engine, count: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = (engine == Engine::Postgres).then(|| peers::postgres().fresh_database());
        let url = database.as_ref().map_or("sqlite".to_owned(), |database| database.url.clone());
        let db = Db::open(Options::new(url, folder.path())).await.unwrap();
        db.migrate(&[TABLE]).await.unwrap();
        let scope = || Scope::public(WorkspaceId::at(Time::from_millis(1)), Trace::default());
        let (scope, other) = (scope(), scope());
        for (scope, count) in [(&scope, count), (&other, 3)] {
            db.write((scope.clone(), count), |tx, (scope, count)| {
                Box::pin(async move {
                    for n in 0..*count {
                        // Several things share each value, and a third of them has no rank.
                        let rank = (n % 3 != 0).then_some(n % 5);
                        let name = ["a", "b", "ä", "Z"][usize::try_from(n % 4).unwrap()];
                        tx.execute(
                            "INSERT INTO things (id, workspace, name, rank, created_at) VALUES ($1, $2, $3, $4, $5)",
                            params![Id::at(Time::from_millis(n)), scope.workspace(), name, rank, n / 4],
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        }
        Self { _folder: folder, _database: database, db, scope, other }
    }

    fn list(&self, query: &str) -> Result<List> {
        list(&self.scope, "/api/v1/things", query)
    }

    async fn page(&self, query: &str) -> Page<Id> {
        let args = (self.scope.clone(), self.list(query).unwrap());
        self.db
            .read(args, |rx, (scope, list)| {
                Box::pin(async move {
                    page(rx, Select::scoped(scope, "things", "id"), list, |row| Ok(row.take("id")?)).await
                })
            })
            .await
            .unwrap()
    }

    async fn numbered(&self, query: &str) -> NumberedPage<Id> {
        let Page::Numbered(page) = self.page(query).await else { panic!("not by number") };
        page
    }

    async fn keyset(&self, query: &str) -> KeysetPage<Id> {
        let Page::Keyset(page) = self.page(query).await else { panic!("not by key") };
        page
    }
}

fn list(scope: &Scope, endpoint: &str, query: &str) -> Result<List> {
    let place = Place { workspace: Some(scope.workspace()), endpoint, filter: "" };
    List::parse(query, &FIELDS, &Signer::new(b"a secret"), place)
}

macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn on_one_engine($engine: Engine) $body
            #[tokio::test]
            async fn sqlite() { on_one_engine(Engine::Sqlite).await; }
            #[tokio::test]
            async fn postgres() { on_one_engine(Engine::Postgres).await; }
        }
    )*};
}

both! {
    async fn check_24_numbered_pages_and_their_ends(engine) {
        let things = Things::on(engine, 45).await;
        let first = things.numbered("").await;
        assert_eq!((first.items.len(), first.total, first.page, first.page_size, first.pages), (20, 45, 1, 20, 3));
        let last = things.numbered("page=3").await;
        assert_eq!((last.items.len(), last.total, last.pages), (5, 45, 3));
        let beyond = things.numbered("page=4").await;
        assert_eq!((beyond.items.len(), beyond.total, beyond.page), (0, 45, 4));
        let far = things.numbered(&format!("page={}&page_size=100", u32::MAX)).await;
        assert_eq!((far.items.len(), far.total), (0, 45));
        assert_eq!(things.numbered("page_size=100").await.pages, 1);
        assert_eq!(things.numbered("page_size=1&page=45").await.items.len(), 1);
        let all: HashSet<_> = [first.items, things.numbered("page=2").await.items, last.items].concat().into_iter().collect();
        assert_eq!(all.len(), 45);
        let none = Things { scope: Scope::public(WorkspaceId::at(Time::from_millis(1)), Trace::default()), ..things };
        let none = none.numbered("").await;
        assert_eq!((none.items.len(), none.total, none.pages), (0, 0, 0));
    }

    async fn check_24_cursors_lead_forward_and_back_in_every_order(engine) {
        let things = Things::on(engine, 45).await;
        for sort in ["", "created_at", "name", "-name,created_at", "rank", "-rank", "name,-rank", "-rank,name,-id", "id"] {
            let whole = things.numbered(&format!("page_size=100&sort={sort}")).await.items;
            let mut forward = Vec::new();
            let mut page = things.keyset(&format!("limit=7&include_total=true&sort={sort}&cursor=")).await;
            assert_eq!((page.total, page.prev_cursor.clone()), (Some(45), None), "{sort}");
            loop {
                forward.extend(page.items.clone());
                assert_eq!(page.has_more, page.next_cursor.is_some());
                let Some(next) = page.next_cursor else { break };
                page = things.keyset(&format!("limit=7&sort={sort}&cursor={next}")).await;
            }
            assert_eq!(forward, whole, "forward by {sort}");
            let mut backward = page.items.clone();
            while let Some(prev) = page.prev_cursor {
                page = things.keyset(&format!("limit=7&sort={sort}&cursor={prev}")).await;
                backward = [page.items.clone(), backward].concat();
            }
            assert_eq!(backward, whole, "backward by {sort}");
        }
    }

    async fn check_24_an_empty_side_leads_back_to_the_other(engine) {
        let things = Things::on(engine, 4).await;
        let first = things.keyset("limit=2&sort=id").await;
        let next = first.next_cursor.unwrap();
        let second = things.keyset(&format!("limit=2&sort=id&cursor={next}")).await;
        let gone = second.items.clone();
        things.db.write(gone, |tx, gone| Box::pin(async move {
            for id in gone {
                tx.execute("DELETE FROM things WHERE id = $1", params![*id]).await?;
            }
            Ok(())
        })).await.unwrap();
        let empty = things.keyset(&format!("limit=2&sort=id&cursor={next}")).await;
        assert_eq!((empty.items.len(), empty.has_more, empty.next_cursor), (0, false, None));
        let back = things.keyset(&format!("limit=2&sort=id&cursor={}", empty.prev_cursor.unwrap())).await;
        assert_eq!(back.items, first.items);
    }

    async fn a07_cursor_from_another_tenant_route_or_sort_is_refused(engine) {
        let things = Things::on(engine, 9).await;
        let cursor = things.keyset("limit=2&sort=name").await.next_cursor.unwrap();
        let query = |sort: &str| format!("limit=2&sort={sort}&cursor={cursor}");
        assert!(things.list(&query("name")).is_ok());
        for refused in [
            list(&things.other, "/api/v1/things", &query("name")),
            list(&things.scope, "/api/v1/others", &query("name")),
            things.list(&query("-name")),
            things.list(&query("")),
            things.list(&format!("limit=2&sort=name&cursor={cursor}x")),
        ] {
            let error = refused.err().expect("a cursor that is not good here");
            assert_eq!((error.kind(), error.code()), (ErrorKind::Malformed, "bad_cursor"));
        }
    }

    async fn no_page_shows_another_workspace(engine) {
        let things = Things::on(engine, 5).await;
        assert_eq!(things.numbered("page_size=100").await.total, 5);
        assert_eq!(things.keyset("limit=200").await.items.len(), 5);
    }

    async fn s3_a_deep_page_costs_what_a_first_one_costs(engine) {
        let things = Things::on(engine, 20_000).await;
        let mut page = things.keyset("limit=200").await;
        let mut cursor = String::new();
        while let Some(next) = page.next_cursor {
            cursor = next;
            page = things.keyset(&format!("limit=200&cursor={cursor}")).await;
        }
        // The best of several, because the machine is shared.
        let mut best = [u128::MAX; 2];
        for _ in 0..15 {
            for (at, query) in ["limit=200".to_owned(), format!("limit=200&cursor={cursor}")].iter().enumerate() {
                let began = Instant::now();
                things.keyset(query).await;
                best[at] = best[at].min(began.elapsed().as_micros());
            }
        }
        assert!(best[1] < best[0] * 3 + 500, "first and last page in microseconds: {best:?}");
    }
}
