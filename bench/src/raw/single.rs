//! The unit with rusqlite alone: one thread, one commit after another.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use super::{Limit, random};
use crate::load::{CLIENTS, Latencies};
use crate::targets::Durability;

/// In a folder where `grouped` ran before, so that the services are there.
pub fn single(folder: &Path, durability: Durability, span: Duration) -> Limit {
    let mut connection = Connection::open(folder.join("mainstay.db")).expect("the database");
    connection.pragma_update(None, "synchronous", durability.word()).expect("synchronous");
    connection.set_prepared_statement_cache_capacity(64);
    let (began, mut latencies) = (Instant::now(), Latencies::default());
    while began.elapsed() < span {
        let from = Instant::now();
        unit(&mut connection, latencies.count() % CLIENTS).expect("a commit");
        latencies.add(from.elapsed());
    }
    let latencies = latencies.sorted();
    Limit {
        name: "the same unit with rusqlite alone, one by one".into(),
        durability: durability.word().into(),
        rate: latencies.count() as f64 / span.as_secs_f64(),
        p99: latencies.quantile(0.99),
    }
}

fn unit(connection: &mut Connection, client: usize) -> rusqlite::Result<()> {
    let (now, lookup, slug, workspace) =
        (random::now(), random::bytes::<32>(), format!("bench-{client}"), [7_u8; 16]);
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let kept: Option<Vec<u8>> = tx
        .prepare_cached("SELECT sealed FROM kept_replies WHERE lookup = ?1 AND expires_at > ?2")?
        .query_row(params![lookup, now], |row| row.get(0))
        .optional()?;
    assert!(kept.is_none());
    let service: Vec<u8> = tx
        .prepare_cached("SELECT id, slug, name, status, since, updated_at, version FROM status_services WHERE workspace = ?1 AND slug = ?2")?
        .query_row(params![workspace, slug], |row| row.get(0))?;
    tx.prepare_cached(
        "UPDATE status_services SET status = ?3, since = ?4, updated_at = ?4, version = version + 1 WHERE workspace = ?1 AND id = ?2",
    )?
    .execute(params![workspace, service, "degraded", now])?;
    let id = random::bytes::<16>();
    tx.prepare_cached(
        "INSERT INTO status_events (id, workspace, service, slug, status, description, created_by, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![id, workspace, service, slug, "degraded", "slow answers since the morning", "owner@example.test", now])?;
    tx.prepare_cached(
        "INSERT INTO events (epoch, id, workspace, kind, noun, subject, occurred_at, actor_kind, actor_id, actor_label, source, \
         request_id, trace_id, payload) VALUES (1, ?1, ?2, 'status_event.created', 'status_event', ?3, ?4, 'person', ?5, ?6, 'http', ?7, ?8, ?9)",
    )?
    .execute(params![
        random::bytes::<16>(),
        workspace,
        random::hex(),
        now,
        "per_01k0000000000000000000000",
        "owner@example.test",
        random::hex(),
        random::hex(),
        r#"{"service_id":"bench-1","status":"degraded"}"#
    ])?;
    tx.prepare_cached("DELETE FROM kept_replies WHERE lookup = ?1 AND expires_at <= ?2")?
        .execute(params![lookup, now])?;
    tx.prepare_cached("INSERT INTO kept_replies (lookup, fingerprint, sealed, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![lookup, random::bytes::<32>(), random::bytes::<320>(), now, now + 86_400_000])?;
    tx.commit()
}
