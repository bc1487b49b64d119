//! All the SQL of the journal.

pub(crate) mod audit;
pub(crate) mod keep;

use std::net::IpAddr;

use db::{Engine, Read, Row, Tx, params};
use query::{Kind, List, Page, Select, SortColumn, SortField, SortFields};
use types::{Actor, ActorKind, Error, Installation, Result, Scalar, Scope, Time, Trace, WorkspaceId};

use crate::event::{Event, EventActor, EventId, NewEvent, Position};
use crate::faults::{Fault, planted};

const COLUMNS: &str = "id, kind, subject, occurred_at, actor_kind, actor_id, actor_label, source, request_id, \
     trace_id, payload, epoch, tx, seq";

const EPOCH: SortColumn = SortColumn::new("epoch", Kind::Int);
const TX: SortColumn = SortColumn::new("tx", Kind::Int);
const SEQ: SortColumn = SortColumn::new("seq", Kind::Int);

/// How a timeline can be sorted: in the order of the journal, or the other way around.
pub const TIMELINE: SortFields = SortFields {
    fields: &[SortField { name: "occurred_at", columns: &[EPOCH, TX, SEQ] }],
    default: "occurred_at",
    tie: SEQ,
};

/// On PostgreSQL a transaction that began before others may commit after them. Below the oldest one that is still
/// open nothing can appear any more, so nothing above it is shown yet. On SQLite commits stand in a row. What an earlier
/// epoch brought along was counted by another server and is over.
fn settled(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres if !planted(Fault::BySeqAlone) => {
            " AND (tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
             OR epoch < (SELECT epoch FROM journal_state WHERE id = 1))"
        }
        _ => "",
    }
}

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: Option<WorkspaceId>,
    actor: &Actor,
    trace: &Trace,
    event: NewEvent,
) -> Result<EventId> {
    let now = tx.now();
    let id = EventId::at(now);
    let own = if actor.kind == ActorKind::System { "system" } else { "api" };
    let noun = event.noun();
    let origin = trace.origin.as_deref();
    let client = origin.map(|origin| origin.address).filter(|address| !address.is_unspecified()).map(wide);
    let agent = origin.map(|origin| origin.agent.clone()).filter(|agent| !agent.is_empty());
    tx.execute(
        "INSERT INTO events (epoch, id, workspace, kind, noun, subject, occurred_at, actor_kind, actor_id, \
         actor_label, source, request_id, trace_id, payload, client, user_agent) \
         VALUES ((SELECT epoch FROM journal_state WHERE id = 1), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            id,
            workspace,
            event.kind,
            noun,
            event.subject,
            now,
            actor.kind.as_str(),
            actor.id.as_ref(),
            &actor.label,
            event.source.unwrap_or(own),
            &trace.request_id,
            &trace.trace_id,
            event.payload.to_string(),
            client,
            agent
        ],
    )
    .await?;
    Ok(id)
}

/// Shows what is committed, settled or not: whoever has just changed a thing finds it in its timeline.
pub(crate) async fn timeline(
    rx: &mut Read,
    scope: &Scope,
    subject: &str,
    list: &List,
) -> Result<Page<Event>> {
    let select = Select::scoped(scope, "events", COLUMNS).and("subject = $1", [subject.into()]);
    let public = scope.is_public();
    query::page(rx, select, list, |row| read(row, public)).await
}

pub(crate) async fn timeline_installation(
    rx: &mut Read,
    by: &Installation,
    subject: &str,
    list: &List,
) -> Result<Page<Event>> {
    let select = Select::installation(by, "events", COLUMNS)
        .and("workspace IS NULL AND subject = $1", [subject.into()]);
    query::page(rx, select, list, |row| read(row, false)).await
}

/// Where an event stands that the feed still reaches: what is kept for the audit alone is gone from it.
pub(crate) async fn position(rx: &mut Read, scope: &Scope, id: EventId) -> Result<Option<Position>> {
    let sql = "SELECT epoch, tx, seq FROM events WHERE workspace = $1 AND id = $2 \
               AND (epoch, tx, seq) > (SELECT feed_epoch, feed_tx, feed_seq FROM journal_state WHERE id = 1)";
    rx.row(sql, params![scope.workspace(), id]).await?.as_mut().map(place).transpose()
}

pub(crate) async fn after(
    rx: &mut Read,
    scope: &Scope,
    from: Position,
    kinds: &[&'static str],
    limit: u32,
) -> Result<Vec<Event>> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let mut params: Vec<Scalar> =
        vec![scope.workspace().into(), from.epoch.into(), from.tx.into(), from.seq.into(), limit.into()];
    let names: Vec<_> = (params.len() + 1..).take(kinds.len()).map(|n| format!("${n}")).collect();
    params.extend(kinds.iter().map(|kind| Scalar::from(*kind)));
    let tenant = if planted(Fault::EveryWorkspace) {
        "(workspace = $1 OR workspace IS NOT NULL)"
    } else {
        "workspace = $1"
    };
    let (place, order) = if planted(Fault::BySeqAlone) {
        ("(epoch >= $2 OR tx >= $3 OR seq > 0) AND seq > $4", "seq")
    } else {
        ("(epoch, tx, seq) > ($2, $3, $4)", "epoch, tx, seq")
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE {tenant} AND {place} AND kind IN ({}){} ORDER BY {order} LIMIT $5",
        names.join(", "),
        settled(rx.engine())
    );
    let public = scope.is_public();
    rx.rows(&sql, &params).await?.iter_mut().map(|row| read(row, public)).collect()
}

/// Everything that happened anywhere after a place, oldest first, with the workspace it happened in.
pub(crate) async fn everywhere(
    rx: &mut Read,
    _: &Installation,
    from: Position,
    limit: u32,
) -> Result<Vec<(Option<WorkspaceId>, Event)>> {
    let sql = format!(
        "SELECT {COLUMNS}, workspace FROM events WHERE (epoch, tx, seq) > ($1, $2, $3){} \
         ORDER BY epoch, tx, seq LIMIT $4",
        settled(rx.engine())
    );
    let rows = rx.rows(&sql, params![from.epoch, from.tx, from.seq, limit]).await?;
    rows.into_iter().map(|mut row| Ok((row.take("workspace")?, read(&mut row, false)?))).collect()
}

pub(crate) async fn end(rx: &mut Read, scope: &Scope) -> Result<Position> {
    let sql = format!(
        "SELECT epoch, tx, seq FROM events WHERE workspace = $1{} ORDER BY epoch DESC, tx DESC, seq DESC LIMIT 1",
        settled(rx.engine())
    );
    let mut row = rx.row(&sql, params![scope.workspace()]).await?;
    row.as_mut().map_or(Ok(Position::BEGINNING), place)
}

/// The end of the whole journal, and since when the oldest event has waited that readers cannot see yet.
pub(crate) async fn head(rx: &mut Read) -> Result<(Position, Option<Time>)> {
    let sql = format!(
        "SELECT epoch, tx, seq FROM events WHERE 1 = 1{} ORDER BY epoch DESC, tx DESC, seq DESC LIMIT 1",
        settled(rx.engine())
    );
    let end = rx.row(&sql, params![]).await?.as_mut().map_or(Ok(Position::BEGINNING), place)?;
    if rx.engine() == Engine::Sqlite {
        return Ok((end, None));
    }
    let sql = "SELECT MIN(occurred_at) AS since FROM events WHERE (epoch, tx, seq) > ($1, $2, $3)";
    let row = rx.row(sql, params![end.epoch, end.tx, end.seq]).await?;
    let waiting = row.map_or(Ok(None), |mut row| row.take::<Option<Time>>("since"))?;
    Ok((end, waiting))
}

pub(crate) async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    let sql = "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE workspace = $1 \
               ORDER BY epoch, tx, seq LIMIT $2)";
    Ok(tx.execute(sql, params![scope.workspace(), most]).await?)
}

/// How many events one commit of [`unlabel`] looks for.
const UNLABELLED: i64 = 500;

/// The first and the last place, within some events after `after`, where this actor stands with a label.
pub(crate) async fn labelled(
    rx: &mut Read,
    _: &Installation,
    actor: &str,
    after: i64,
) -> Result<Option<(i64, i64)>> {
    let sql = "SELECT MIN(seq), MAX(seq) FROM (SELECT seq FROM events WHERE seq > $2 AND actor_id = $1 \
               AND actor_label <> '' ORDER BY seq LIMIT $3) AS places";
    let Some(mut row) = rx.row(sql, params![actor, after, UNLABELLED]).await? else { return Ok(None) };
    Ok(row.take::<Option<i64>>(0)?.zip(row.take::<Option<i64>>(1)?))
}

/// Takes the actor's label, address and client off what stands from one place to another. Nothing else of an event ever changes.
pub(crate) async fn unlabel(tx: &mut Tx, _: &Installation, actor: &str, places: (i64, i64)) -> Result<()> {
    let sql = "UPDATE events SET actor_label = '', client = NULL, user_agent = NULL \
               WHERE seq >= $2 AND seq <= $3 AND actor_id = $1";
    tx.execute(sql, params![actor, places.0, places.1]).await?;
    Ok(())
}

pub(crate) async fn raise_epoch(tx: &mut Tx, _: &Installation) -> Result<()> {
    tx.execute("UPDATE journal_state SET epoch = epoch + 1 WHERE id = 1", params![]).await?;
    Ok(())
}

fn place(row: &mut Row) -> Result<Position> {
    Ok(Position { epoch: row.take("epoch")?, tx: row.take("tx")?, seq: row.take("seq")? })
}

fn read(row: &mut Row, public: bool) -> Result<Event> {
    let actor = EventActor {
        kind: actor_kind(&row.take::<String>("actor_kind")?)?,
        id: row.take("actor_id")?,
        label: row.take("actor_label")?,
    };
    let told = |text: String| (!public && !text.is_empty()).then_some(text);
    Ok(Event {
        id: row.take("id")?,
        kind: row.take("kind")?,
        subject: row.take("subject")?,
        occurred_at: row.take("occurred_at")?,
        actor: (!public).then_some(actor),
        source: row.take("source")?,
        request_id: told(row.take("request_id")?),
        trace_id: told(row.take("trace_id")?),
        data: serde_json::from_str(&row.take::<String>("payload")?).map_err(Error::internal)?,
        position: place(row)?,
    })
}

/// An address in sixteen bytes, so that all of them stand in one order.
fn wide(address: IpAddr) -> Vec<u8> {
    let six = match address {
        IpAddr::V4(four) => four.to_ipv6_mapped(),
        IpAddr::V6(six) => six,
    };
    six.octets().to_vec()
}

fn actor_kind(text: &str) -> Result<ActorKind> {
    [ActorKind::Person, ActorKind::Key, ActorKind::Anonymous, ActorKind::System]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| Error::internal(format!("no actor is of the kind {text}")))
}
