//! The unit through `kernel/db`, 64 at a time: on SQLite they share commits, on PostgreSQL the pool.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use db::{Db, Options, Synchronous, Tx, params};
use journal::NewEvent;
use types::{Actor, ActorKind, Id, Result, Scope, Trace, WorkspaceId, typed_id};

use super::{Limit, random};
use crate::load::{CLIENTS, Latencies};
use crate::targets::Durability;

typed_id!(EventId, "ste");
typed_id!(ServiceId, "svc");

/// What sealing a reply of this size leaves.
const SEALED: usize = 320;

pub fn scope() -> Scope {
    let actor = Actor {
        kind: ActorKind::Person,
        id: Some("per_01k0000000000000000000000".into()),
        label: "owner@example.test".into(),
    };
    let trace = Trace { request_id: random::hex().into(), trace_id: random::hex().into(), origin: None };
    Scope::of_request(WorkspaceId(Id::from_bytes([7; 16])), actor, trace)
}

/// A service for each client, as in the runs over HTTP.
async fn services(db: &Db) -> Result<()> {
    db.write(scope(), |tx, scope| {
        Box::pin(async move {
            let now = tx.now();
            for client in 0..CLIENTS {
                let sql = "INSERT INTO status_services (id, workspace, slug, name, status, since, created_at, updated_at, version) \
                     VALUES ($1, $2, $3, $3, 'degraded', $4, $4, $4, 1)";
                tx.execute(sql, params![ServiceId::at(now), scope.workspace(), format!("bench-{client}"), now]).await?;
            }
            Ok(())
        })
    })
    .await
}

/// What `create` in `systems/status` does in its transaction, with the key and the kept reply of `kernel/web`.
async fn unit(tx: &mut Tx, scope: &Scope, client: usize, lookup: [u8; 32]) -> Result<()> {
    let now = tx.now();
    if tx.engine() == db::Engine::Postgres {
        let key = i64::from_be_bytes(lookup[..8].try_into().expect("eight bytes"));
        tx.row("SELECT pg_try_advisory_xact_lock($1)", params![key]).await?;
    }
    let sql = "SELECT fingerprint, sealed FROM kept_replies WHERE lookup = $1 AND expires_at > $2";
    assert!(tx.row(sql, params![&lookup[..], now]).await?.is_none());
    let slug = format!("bench-{client}");
    let sql = "SELECT id, slug, name, status, since, updated_at, version FROM status_services WHERE workspace = $1 AND slug = $2";
    let service: ServiceId =
        tx.row(sql, params![scope.workspace(), &slug]).await?.expect("the service").take(0)?;
    let sql = "UPDATE status_services SET status = $3, since = $4, updated_at = $5, version = version + 1 WHERE workspace = $1 AND id = $2";
    tx.execute(sql, params![scope.workspace(), service, "degraded", now, now]).await?;
    let id = EventId::at(now);
    let sql = "INSERT INTO status_events (id, workspace, service, slug, status, description, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = params![
        id,
        scope.workspace(),
        service,
        &slug,
        "degraded",
        "slow answers since the morning",
        &scope.actor().label,
        now
    ];
    tx.execute(sql, params).await?;
    let entry = NewEvent::new("status_event.created", id.to_string());
    journal::append(tx, scope, entry.with(serde_json::json!({"service_id": slug, "status": "degraded"})))
        .await?;
    tx.execute("DELETE FROM kept_replies WHERE lookup = $1 AND expires_at <= $2", params![&lookup[..], now])
        .await?;
    let sql = "INSERT INTO kept_replies (lookup, fingerprint, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    let expires = now.plus(Duration::from_hours(24));
    tx.execute(
        sql,
        params![
            &lookup[..],
            random::bytes::<32>().to_vec(),
            random::bytes::<SEALED>().to_vec(),
            now,
            expires
        ],
    )
    .await?;
    Ok(())
}

pub async fn open(url: &str, folder: &Path, durability: Durability) -> Db {
    let synchronous = if durability == Durability::Full { Synchronous::Full } else { Synchronous::Normal };
    Db::open(Options { synchronous, ..Options::new(url, folder) }).await.expect("a database")
}

pub fn grouped(url: &str, folder: &Path, durability: Durability, span: Duration) -> Limit {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let db = open(url, folder, durability).await;
        services(&db).await.expect("the services");
        let (scope, from) = (Arc::new(scope()), Instant::now() + Duration::from_millis(300));
        let until = from + span;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (db, scope) = (db.clone(), Arc::clone(&scope));
                tokio::spawn(async move {
                    let mut took = Vec::new();
                    while Instant::now() < until {
                        let began = Instant::now();
                        let args = (Arc::clone(&scope), client, random::bytes::<32>());
                        let write = db.write(args, |tx, (scope, client, lookup)| {
                            Box::pin(unit(tx, scope, *client, *lookup))
                        });
                        write.await.expect("a commit");
                        if began >= from {
                            took.push(began.elapsed());
                        }
                    }
                    took
                })
            })
            .collect();
        let mut latencies = Latencies::default();
        for client in clients {
            client.await.expect("a client").into_iter().for_each(|took| latencies.add(took));
        }
        db.close().await;
        let latencies = latencies.sorted();
        let (engine, durability) = if url == "sqlite" {
            ("SQLite, grouped", durability.word())
        } else {
            ("PostgreSQL", "fsync on, synchronous_commit on")
        };
        Limit {
            name: format!("the same unit through kernel/db on {engine}, without HTTP"),
            durability: durability.into(),
            rate: latencies.count() as f64 / span.as_secs_f64(),
            p99: latencies.quantile(0.99),
        }
    })
}
