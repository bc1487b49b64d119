//! What there is to do, and taking it. Claims are made in a relaxed transaction: on PostgreSQL they go past what others hold.

use std::time::Duration;

use db::{Engine, Read, Tx, params};
use types::{Result, Scalar, Time};

use super::lines;
use super::rows::{self, Head};
use crate::fair::{self, Lane};
use crate::{JobId, NodeId};

/// Delayed jobs that become ready in one claim.
const PROMOTED: u32 = 500;
/// A clock that says so much less than when a job was put off was set back; less than this is how nodes differ.
const BACK: Duration = Duration::from_mins(1);
/// Lanes that one claim looks at; the next one goes on behind the last that was served.
const LANES: u32 = 256;

/// What a look at the queue found.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// Positions, in the list that was asked, of kinds with something ready.
    pub ready: Vec<usize>,
    /// When the next delayed job becomes ready.
    pub due: Option<Time>,
    /// Whether some were put off at a time that is still to come.
    pub astray: bool,
    pub paused: Vec<String>,
    /// What this node runs and should stop.
    pub cancelled: Vec<(JobId, i64)>,
}

/// `kinds` with the most that run of each for one lane.
pub(crate) async fn look(rx: &mut Read, kinds: &[(&'static str, usize)], node: NodeId) -> Result<Sight> {
    let mut sight = Sight::default();
    if !kinds.is_empty() {
        let parts: Vec<_> = (0..kinds.len())
            .map(|at| {
                format!(
                    "SELECT {at} AS place WHERE EXISTS \
                     (SELECT 1 FROM jobs WHERE state = 'queued' AND ready = 1 AND kind = ${})",
                    at + 1
                )
            })
            .collect();
        let params: Vec<Scalar> = kinds.iter().map(|(kind, _)| (*kind).into()).collect();
        for mut row in rx.rows(&parts.join(" UNION ALL "), &params).await? {
            sight.ready.extend(usize::try_from(row.take::<i64>("place")?).ok());
        }
    }
    // What is there may all belong to workspaces whose jobs wait, or for which as many run as may: a claim would find
    // nothing, and its empty commit would wake this node again at once.
    let held = !sight.ready.is_empty()
        && rx.row("SELECT 1 FROM queue_held_lanes LIMIT 1", params![]).await?.is_some();
    let mut open = Vec::new();
    for at in sight.ready {
        let (kind, per_lane) = kinds[at];
        let all_are_open = !held && per_lane == usize::MAX;
        if all_are_open || !lanes_after(rx, kind, per_lane, "", 1).await?.is_empty() {
            open.push(at);
        }
    }
    sight.ready = open;
    let sql = "SELECT (SELECT MIN(run_at) FROM jobs WHERE state = 'queued' AND ready = 0) AS due, \
         (SELECT MAX(put_off_at) FROM jobs WHERE state = 'queued' AND ready = 0) AS put_off";
    if let Some(mut row) = rx.row(sql, params![]).await? {
        sight.due = row.take("due")?;
        sight.astray = row.take::<Option<Time>>("put_off")?.is_some_and(|last| last > rx.now().plus(BACK));
    }
    for mut row in rx.rows("SELECT queue FROM queue_pauses", params![]).await? {
        sight.paused.push(row.take("queue")?);
    }
    let sql = "SELECT id, attempt FROM jobs WHERE state = 'running' AND node = $1 AND cancel = 1";
    for mut row in rx.rows(sql, params![node]).await? {
        sight.cancelled.push((row.take("id")?, row.take("attempt")?));
    }
    Ok(sight)
}

/// What one kind still takes, and behind which lane it goes on.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub kind: &'static str,
    pub free: usize,
    /// The most that run for one lane.
    pub per_lane: usize,
    pub after: String,
}

/// A job that this node holds now.
pub(crate) struct Claimed {
    pub head: Head,
    pub lane: String,
    pub payload: String,
    /// Priority, and since when it could have run.
    pub order: (i64, Time),
}

/// Takes as much as is wanted; `None` when the node is not in the list of the living any more.
pub(crate) async fn claim(
    tx: &mut Tx,
    node: NodeId,
    wanted: &[Wanted],
    astray: bool,
) -> Result<Option<Vec<Claimed>>> {
    if !super::nodes::hold(tx, node).await? {
        return Ok(None);
    }
    if astray {
        put_off_anew(tx).await?;
    }
    promote(tx).await?;
    let mut taken = Vec::new();
    for one in wanted {
        take_kind(tx, node, one, &mut taken).await?;
    }
    let (heads, rest): (Vec<Head>, Vec<_>) =
        taken.into_iter().map(|one| (one.head, (one.lane, one.payload, one.order))).unzip();
    lines::begun(tx, &heads).await?;
    let join = |(head, (lane, payload, order))| Claimed { head, lane, payload, order };
    Ok(Some(heads.into_iter().zip(rest).map(join).collect()))
}

/// Rows that another transaction holds are left to it.
fn skip_locked(tx: &Tx) -> &'static str {
    match tx.engine() {
        Engine::Postgres => " FOR UPDATE SKIP LOCKED",
        Engine::Sqlite => "",
    }
}

async fn promote(tx: &mut Tx) -> Result<()> {
    let sql = format!(
        "WITH due AS (SELECT id FROM jobs WHERE state = 'queued' AND ready = 0 AND run_at <= $1 \
         ORDER BY run_at LIMIT $2{}) \
         UPDATE jobs SET ready = 1 WHERE id IN (SELECT id FROM due)",
        skip_locked(tx)
    );
    let now = tx.now();
    tx.execute(&sql, params![now, PROMOTED]).await?;
    Ok(())
}

/// The clock was set back, nobody knows by how much: what was put off later than now waits its whole time from now on, so
/// no wait is longer than twice what was asked for.
async fn put_off_anew(tx: &mut Tx) -> Result<()> {
    let sql = format!(
        "WITH astray AS (SELECT id FROM jobs WHERE state = 'queued' AND ready = 0 AND put_off_at > $2 \
         ORDER BY put_off_at DESC LIMIT $3{}) \
         UPDATE jobs SET run_at = $1 + (run_at - put_off_at), put_off_at = $1 WHERE id IN (SELECT id FROM astray)",
        skip_locked(tx)
    );
    let now = tx.now();
    let jobs = tx.execute(&sql, params![now, now.plus(BACK), PROMOTED]).await?;
    if jobs > 0 {
        tracing::warn!(jobs, "the clock was set back since these jobs were put off: they wait from now on");
    }
    Ok(())
}

/// Claims of a kind with a bound for each lane wait for each other until the end of their commits: otherwise two nodes that
/// hear of the same at once would each fill the bound.
async fn in_turn(tx: &mut Tx, wanted: &Wanted) -> Result<()> {
    if wanted.per_lane < usize::MAX && tx.engine() == Engine::Postgres {
        tx.rows("SELECT pg_advisory_xact_lock(hashtextextended('queue ' || $1, 0))", params![wanted.kind])
            .await?;
    }
    Ok(())
}

async fn take_kind(tx: &mut Tx, node: NodeId, wanted: &Wanted, taken: &mut Vec<Claimed>) -> Result<()> {
    in_turn(tx, wanted).await?;
    let mut lanes = lanes(tx, wanted).await?;
    let mut free = wanted.free;
    while free > 0 && !lanes.is_empty() {
        let shares = fair::deal(free, &lanes);
        let mut empty = Vec::new();
        for (at, share) in shares.into_iter().enumerate().filter(|(_, share)| *share > 0) {
            let most = share.min(wanted.per_lane.saturating_sub(lanes[at].running));
            let got = take_lane(tx, node, wanted.kind, &lanes[at].name, most).await?;
            lanes[at].running += got.len();
            free -= got.len();
            if got.len() < share {
                empty.push(at);
            }
            taken.extend(got);
        }
        for at in empty.into_iter().rev() {
            lanes.remove(at);
        }
    }
    Ok(())
}

/// The lanes with something ready, from the one behind the last that was served, around to it; with what runs for each on
/// all nodes. It steps from lane to lane through the index, however many jobs there are in one.
async fn lanes(tx: &mut Tx, wanted: &Wanted) -> Result<Vec<Lane>> {
    let mut names = lanes_after(tx, wanted.kind, wanted.per_lane, &wanted.after, LANES).await?;
    if names.len() < LANES as usize && !wanted.after.is_empty() {
        let before = lanes_after(tx, wanted.kind, wanted.per_lane, "", LANES).await?;
        names.extend(before.into_iter().take_while(|name| *name <= wanted.after));
    }
    let sql =
        "SELECT lane, COUNT(*) AS running FROM jobs WHERE state = 'running' AND kind = $1 GROUP BY lane";
    let mut running = std::collections::HashMap::new();
    for mut row in tx.rows(sql, params![wanted.kind]).await? {
        running.insert(row.take::<String>("lane")?, row.take::<i64>("running")?);
    }
    let count = |name: &String| running.get(name).map_or(0, |count| usize::try_from(*count).unwrap_or(0));
    Ok(names.into_iter().map(|name| Lane { running: count(&name), name }).collect())
}

/// Past those that are held, and those for which as many run as may.
async fn lanes_after(
    rx: &mut Read,
    kind: &str,
    per_lane: usize,
    after: &str,
    most: u32,
) -> Result<Vec<String>> {
    let mut params: Vec<Scalar> = params![kind, after, most].to_vec();
    let mut room = "";
    if per_lane < usize::MAX {
        params.push(i64::try_from(per_lane).unwrap_or(i64::MAX).into());
        room = " AND (SELECT COUNT(*) FROM jobs r WHERE r.state = 'running' AND r.kind = $1 AND r.lane = found.lane) < $4";
    }
    let sql = format!(
        "WITH RECURSIVE found(lane) AS ( \
             SELECT MIN(lane) FROM jobs WHERE state = 'queued' AND ready = 1 AND kind = $1 AND lane > $2 \
             UNION ALL \
             SELECT (SELECT MIN(jobs.lane) FROM jobs WHERE state = 'queued' AND ready = 1 AND kind = $1 \
                     AND jobs.lane > found.lane) \
             FROM found WHERE found.lane IS NOT NULL) \
         SELECT lane FROM found WHERE lane IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM queue_held_lanes h WHERE h.lane = found.lane){room} LIMIT $3"
    );
    let mut names = Vec::new();
    for mut row in rx.rows(&sql, &params).await? {
        names.push(row.take("lane")?);
    }
    Ok(names)
}

async fn take_lane(tx: &mut Tx, node: NodeId, kind: &str, lane: &str, most: usize) -> Result<Vec<Claimed>> {
    let sql = format!(
        "WITH picked AS (SELECT id FROM jobs WHERE state = 'queued' AND ready = 1 AND kind = $1 AND lane = $2 \
         ORDER BY priority DESC, run_at, id LIMIT $3{}) \
         UPDATE jobs SET state = 'running', attempt = attempt + 1, node = $4, started_at = $5, lines = lines + 1 \
         WHERE id IN (SELECT id FROM picked) RETURNING {}, lane, payload, priority, run_at",
        skip_locked(tx),
        rows::HEAD
    );
    let (now, most) = (tx.now(), i64::try_from(most).unwrap_or(i64::MAX));
    let mut taken = Vec::new();
    for mut row in tx.rows(&sql, params![kind, lane, most, node, now]).await? {
        taken.push(Claimed {
            lane: row.take("lane")?,
            payload: row.take("payload")?,
            order: (row.take("priority")?, row.take("run_at")?),
            head: rows::head(&mut row)?,
        });
    }
    taken.sort_by_key(|one| (std::cmp::Reverse(one.order.0), one.order.1, one.head.id));
    Ok(taken)
}
