//! The SQL of forgetting: what leaves the feed, what leaves the journal, and the addresses, which go before the rest.
//!
//! Each walks along the order of the journal, a batch at a time, and remembers in `journal_state` how far it has come.

use std::time::Duration;

use db::{Read, Tx, params};
use types::{Installation, Result, Scalar, Time};

use super::place;
use crate::event::Position;

/// How far the feed was thinned out.
pub(crate) async fn horizon(rx: &mut Read) -> Result<Position> {
    let sql = "SELECT feed_epoch AS epoch, feed_tx AS tx, feed_seq AS seq FROM journal_state WHERE id = 1";
    rx.row(sql, params![]).await?.as_mut().map_or(Ok(Position::BEGINNING), place)
}

pub(crate) async fn thin(
    tx: &mut Tx,
    _: &Installation,
    before: Time,
    kept: &[&'static str],
    batch: u32,
) -> Result<usize> {
    let from = horizon(tx).await?;
    let old = older(tx, from, before, batch).await?;
    let Some(last) = old.last() else { return Ok(0) };
    let mut params: Vec<Scalar> = span(from, *last);
    let names: Vec<_> = (params.len() + 1..).take(kept.len()).map(|n| format!("${n}")).collect();
    params.extend(kept.iter().map(|kind| Scalar::from(*kind)));
    let but =
        if names.is_empty() { String::new() } else { format!(" AND kind NOT IN ({})", names.join(", ")) };
    let sql = format!("DELETE FROM events WHERE {SPAN}{but}");
    tx.execute(&sql, &params).await?;
    let sql = "UPDATE journal_state SET feed_epoch = $1, feed_tx = $2, feed_seq = $3, \
               pruned_before = CASE WHEN pruned_before < $4 THEN $4 ELSE pruned_before END WHERE id = 1";
    tx.execute(sql, params![last.epoch, last.tx, last.seq, before]).await?;
    Ok(old.len())
}

pub(crate) async fn prune(tx: &mut Tx, _: &Installation, before: Time, batch: u32) -> Result<usize> {
    let old = older(tx, Position::BEGINNING, before, batch).await?;
    let Some(last) = old.last() else { return Ok(0) };
    let sql = format!("DELETE FROM events WHERE {SPAN}");
    tx.execute(&sql, &span(Position::BEGINNING, *last)).await?;
    let sql = "UPDATE journal_state SET pruned_before = $1 WHERE id = 1 AND pruned_before < $1";
    tx.execute(sql, params![before]).await?;
    Ok(old.len())
}

pub(crate) async fn forget_origins(tx: &mut Tx, _: &Installation, before: Time, batch: u32) -> Result<usize> {
    let sql = "SELECT blind_epoch AS epoch, blind_tx AS tx, blind_seq AS seq FROM journal_state WHERE id = 1";
    let from = tx.row(sql, params![]).await?.as_mut().map_or(Ok(Position::BEGINNING), place)?;
    let old = older(tx, from, before, batch).await?;
    let Some(last) = old.last() else { return Ok(0) };
    let sql = format!(
        "UPDATE events SET client = NULL, user_agent = NULL WHERE {SPAN} \
         AND (client IS NOT NULL OR user_agent IS NOT NULL)"
    );
    tx.execute(&sql, &span(from, *last)).await?;
    let sql = "UPDATE journal_state SET blind_epoch = $1, blind_tx = $2, blind_seq = $3 WHERE id = 1";
    tx.execute(sql, params![last.epoch, last.tx, last.seq]).await?;
    Ok(old.len())
}

/// What lies behind the first place, up to the second.
const SPAN: &str = "(epoch, tx, seq) > ($1, $2, $3) AND (epoch, tx, seq) <= ($4, $5, $6)";

fn span(from: Position, last: Position) -> Vec<Scalar> {
    [from.numbers(), last.numbers()].concat().into_iter().map(Scalar::from).collect()
}

/// A clock that is further ahead than this was wrong.
const AHEAD: Duration = Duration::from_hours(24);

/// The places behind one, in order, up to the last that is old. What a clock wrote that was far ahead holds up nothing: it
/// goes with the old that stands behind it.
async fn older(tx: &mut Tx, from: Position, before: Time, batch: u32) -> Result<Vec<Position>> {
    let believed = tx.now().plus(AHEAD);
    let sql = "SELECT epoch, tx, seq, occurred_at FROM events WHERE (epoch, tx, seq) > ($1, $2, $3) \
               AND occurred_at <= $4 ORDER BY epoch, tx, seq LIMIT $5";
    let mut last = None;
    for mut row in tx.rows(sql, params![from.epoch, from.tx, from.seq, believed, batch]).await? {
        if row.take::<Time>(3)? >= before {
            break;
        }
        last = Some(place(&mut row)?);
    }
    let Some(last) = last else { return Ok(Vec::new()) };
    let mut params: Vec<Scalar> = span(from, last);
    params.push(batch.into());
    let sql = format!("SELECT epoch, tx, seq FROM events WHERE {SPAN} ORDER BY epoch, tx, seq LIMIT $7");
    tx.rows(&sql, &params).await?.iter_mut().map(place).collect()
}
