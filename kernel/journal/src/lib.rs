//! The journal: what happened, written in the commit that made it happen, read in one order by everybody.
//!
//! Owns events, their order, how long they are kept, and the bell that rings when there are new ones. Refuses to
//! know what the events mean and how they reach a reader.

pub mod audit;
mod bell;
mod event;
pub mod faults;
mod store;

use db::{Db, Migrations, Read, Tx};
use query::{List, Page};
use types::{Installation, Result, Scope, Time, WorkspaceId};

pub use bell::{Journal, METRICS};
pub use event::{Event, EventActor, EventId, EventType, Feed, NewEvent, Position, Since, visible_kinds};
pub use store::TIMELINE;

pub const MIGRATIONS: Migrations = Migrations {
    system: "journal",
    steps: &[db::migration!("0001_events", by engine), db::migration!("0010_origins")],
};

/// Writes an event of the workspace into the transaction: it is there exactly if the change is.
pub async fn append(tx: &mut Tx, scope: &Scope, event: NewEvent) -> Result<EventId> {
    store::insert(tx, Some(scope.workspace()), scope.actor(), scope.trace(), event).await
}

/// The same for what belongs to no workspace.
pub async fn append_installation(tx: &mut Tx, by: &Installation, event: NewEvent) -> Result<EventId> {
    store::insert(tx, None, by.actor(), by.trace(), event).await
}

/// Forgets how an actor was called: the id stays beside what they did. In small commits, because they may have done much.
pub async fn forget_actor(db: &Db, by: &Installation, actor: &str) -> Result<()> {
    let mut after = 0;
    loop {
        let read = db.read((by.clone(), actor.to_owned(), after), |rx, (by, actor, after)| {
            Box::pin(store::labelled(rx, by, actor, *after))
        });
        let Some(places) = read.await? else { return Ok(()) };
        let write = db.write((by.clone(), actor.to_owned(), places), |tx, (by, actor, places)| {
            Box::pin(store::unlabel(tx, by, actor, *places))
        });
        write.await?;
        after = places.1;
    }
}

/// What happened to one thing, in the order of [`TIMELINE`]. A caller who may see the thing may see this; who is told
/// in a public workspace learns no names.
pub async fn timeline(rx: &mut Read, scope: &Scope, subject: &str, list: &List) -> Result<Page<Event>> {
    store::timeline(rx, scope, subject, list).await
}

/// The timeline of a thing that belongs to no workspace.
pub async fn timeline_installation(
    rx: &mut Read,
    by: &Installation,
    subject: &str,
    list: &List,
) -> Result<Page<Event>> {
    store::timeline_installation(rx, by, subject, list).await
}

/// What happened in the workspace after a place, oldest first, of the kinds that the reader may see. 410
/// `events_expired` when the place is not in the journal, or not any more.
pub async fn after(
    rx: &mut Read,
    scope: &Scope,
    since: impl Into<Since>,
    kinds: &[&'static str],
    limit: u32,
) -> Result<Feed> {
    let since = since.into();
    let from = match since {
        Since::Beginning => store::keep::horizon(rx).await?,
        Since::Position(position) => position,
        Since::Event(id) => store::position(rx, scope, id).await?.ok_or_else(expired)?,
    };
    let items = store::after(rx, scope, from, kinds, limit).await?;
    Ok(Feed {
        last: items.last().map(|event| event.id),
        position: items.last().map_or(from, |event| event.position),
        items,
    })
}

/// Like [`after`] for a reader who comes back again and again: when there is nothing more that he may see, the position
/// moves past what he may not, so that he does not read it each time anew.
pub async fn follow(
    rx: &mut Read,
    scope: &Scope,
    from: Position,
    kinds: &[&'static str],
    limit: u32,
) -> Result<Feed> {
    // Asked first: whatever lies before it is seen by the statement that comes after.
    let end = end(rx, scope).await?;
    let mut feed = after(rx, scope, from, kinds, limit).await?;
    if feed.items.len() < limit as usize {
        feed.position = feed.position.max(end);
    }
    Ok(feed)
}

/// Where the journal of the workspace ends now: what is read after it is new.
pub async fn end(rx: &mut Read, scope: &Scope) -> Result<Position> {
    store::end(rx, scope).await
}

/// What happened anywhere after a place, oldest first, with the workspace it happened in: for a reader that serves all.
pub async fn everywhere(
    rx: &mut Read,
    by: &Installation,
    from: Position,
    limit: u32,
) -> Result<Vec<(Option<WorkspaceId>, Event)>> {
    store::everywhere(rx, by, from, limit).await
}

/// Where the whole journal ends now, as far as readers see it.
pub async fn end_everywhere(rx: &mut Read, _: &Installation) -> Result<Position> {
    Ok(store::head(rx).await?.0)
}

/// The place up to which the feed was thinned out: a reader that stands before it has missed something.
pub async fn horizon(rx: &mut Read) -> Result<Position> {
    store::keep::horizon(rx).await
}

/// Takes a batch of what happened before out of the feed, and tells how much was looked at; less than [`BATCH`] means that
/// nothing is left to do. What is of one of the `kept` kinds stays for timelines and the audit. Always from the beginning of
/// the order, so that a reader of the feed never meets a hole.
pub async fn thin(tx: &mut Tx, by: &Installation, before: Time, kept: &[&'static str]) -> Result<usize> {
    store::keep::thin(tx, by, before, kept, BATCH).await
}

/// Forgets a batch of what happened before, whatever it is, and tells how much that was.
pub async fn prune(tx: &mut Tx, by: &Installation, before: Time) -> Result<usize> {
    store::keep::prune(tx, by, before, BATCH).await
}

/// Empties addresses and clients of a batch of what happened before, and tells how much was looked at.
pub async fn forget_origins(tx: &mut Tx, by: &Installation, before: Time) -> Result<usize> {
    store::keep::forget_origins(tx, by, before, BATCH).await
}

/// Events in a batch of [`thin`], [`prune`] and [`forget_origins`].
pub const BATCH: u32 = 500;

/// Removes a batch of what happened in a workspace that is being forgotten, and tells how much.
pub async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    store::forget(tx, scope, most).await
}

/// After a restore or a move: transactions are counted anew there, and everything from now on comes after all that
/// was brought along.
pub async fn raise_epoch(tx: &mut Tx, by: &Installation) -> Result<()> {
    store::raise_epoch(tx, by).await
}

/// The same answer for an id that is too old, of another workspace, and never issued.
fn expired() -> types::Error {
    types::Error::new(
        types::Kind::Gone,
        "events_expired",
        "The journal does not reach back to that event. Read everything anew, then go on from the newest event.",
    )
}
