//! Takes what there is to do, as much as there is room for, as soon as it is there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use db::{Db, Engine};
use parking_lot::Mutex;
use tasks::{Stopwatch, TaskGroup};
use tokio::sync::{Notify, watch};
use types::{Id, Result};

use crate::done::Done;
use crate::job::Context;
use crate::kind::Registered;
use crate::running::Running;
use crate::schedule::{self, Schedule};
use crate::store::attempts::{self, Ending};
use crate::store::claim::{self, Sight, Wanted};
use crate::store::nodes;
use crate::{NodeId, node, run};

const CHANNEL: &str = "mainstay_queue";
/// At most one look in so much time, however many commits there are.
const GATHER: Duration = Duration::from_millis(2);

/// The measures of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether jobs run here, or are only asked for.
    pub work: bool,
    /// How often a node says that it lives.
    pub beat: Duration,
    /// How long it may be silent.
    pub lease: Duration,
    /// What no notice told of is found after this long.
    pub poll: Duration,
    /// How long a job that was told to stop may go on.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            work: true,
            beat: Duration::from_secs(5),
            lease: Duration::from_secs(20),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(10),
        }
    }
}

pub(crate) struct Shared {
    pub db: Db,
    pub tasks: TaskGroup,
    pub kinds: Vec<Registered>,
    pub context: Context,
    pub options: Options,
    pub node: Mutex<NodeId>,
    pub running: Running,
    /// A place became free.
    pub freed: Arc<Notify>,
    pub done: Done,
    /// Nothing runs here any more, and nothing will.
    pub drained: watch::Sender<bool>,
    /// Schedules that this process has made known.
    scheduled: Mutex<HashSet<&'static str>>,
    /// By kind, the lane that was served last.
    after: Mutex<HashMap<&'static str, String>>,
}

impl Shared {
    pub(crate) fn schedules_known(&self, name: &'static str) -> bool {
        self.scheduled.lock().contains(name)
    }

    pub(crate) fn know_schedule(&self, name: &'static str) {
        self.scheduled.lock().insert(name);
    }
}

/// A node's share in the queue. Ends with its task group, which waits until what runs has been finished or given back.
pub struct Queue(Arc<Shared>);

impl Queue {
    /// Enters the list of the living and begins. On SQLite everything that another process ran is taken back first: whoever
    /// opens the data folder has proven that it is dead.
    pub async fn start<C: Send + Sync + 'static>(
        db: &Db,
        tasks: &TaskGroup,
        kinds: Vec<Registered>,
        context: C,
        options: Options,
    ) -> Result<Self> {
        let drained = watch::Sender::new(false);
        let (done, gather) = Done::new(db.clone(), drained.subscribe());
        let shared = Arc::new(Shared {
            db: db.clone(),
            tasks: tasks.clone(),
            kinds,
            context: Arc::new(context),
            options,
            node: Mutex::new(NodeId(Id::from_bytes([0; 16]))),
            running: Running::default(),
            freed: Arc::default(),
            done,
            drained,
            scheduled: Mutex::default(),
            after: Mutex::new(HashMap::new()),
        });
        node::enter(&shared).await?;
        if db.engine() == Engine::Sqlite {
            node::bury_all(&shared).await?;
        }
        tasks.spawn("queue heartbeat", node::live(Arc::clone(&shared))).detach();
        tasks.spawn("jobs that are done", gather).detach();
        tasks.spawn("queue", work(Arc::clone(&shared))).detach();
        Ok(Self(shared))
    }

    /// Begins to ask for jobs by the clock. Refuses a schedule whose times cannot be read or never come.
    pub fn schedule(&self, schedules: Vec<Schedule>) -> Result<()> {
        let timed = schedules.into_iter().map(schedule::timed).collect::<Result<Vec<_>>>()?;
        self.0.tasks.spawn("queue schedules", schedule::follow(Arc::clone(&self.0), timed)).detach();
        Ok(())
    }

    /// Under which id this process runs jobs now.
    pub fn node(&self) -> NodeId {
        *self.0.node.lock()
    }
}

async fn work(shared: Arc<Shared>) {
    let stopping = shared.tasks.stopping();
    let mut here = shared.db.commits();
    let mut elsewhere = shared.db.listen(CHANNEL);
    // At the start others may wait for what was asked for while nobody looked.
    let mut tell = true;
    let mut reconciled = Stopwatch::start();
    while !stopping.is_stopping() {
        here.mark_unchanged();
        elsewhere.mark_unchanged();
        if reconciled.elapsed() >= shared.options.beat {
            reconciled = Stopwatch::start();
            if let Err(error) = reconcile(&shared).await {
                tracing::debug!(error = %error.detail(), "what this node holds could not be looked at");
            }
        }
        let pause = match round(&shared, tell).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(error = %error.detail(), "the queue could not be looked at");
                shared.options.poll
            }
        };
        tokio::time::sleep(GATHER).await;
        tell = false;
        tokio::select! {
            () = stopping.stopped() => break,
            // Only commits of this node are told on: a notice that is answered by a notice would never end.
            ended = here.changed() => if ended.is_ok() { tell = true } else { break },
            ended = elsewhere.changed() => if ended.is_err() { break },
            () = shared.freed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    drain(&shared).await;
}

/// Tells everything that runs to stop, and waits for it.
async fn drain(shared: &Shared) {
    shared.running.stop_all();
    while !shared.running.is_empty() {
        tokio::select! {
            () = shared.freed.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
    shared.drained.send_replace(true);
}

/// One look, and what follows from it. Tells how long there is nothing to do unless somebody rings.
async fn round(shared: &Arc<Shared>, tell: bool) -> Result<Duration> {
    let node = *shared.node.lock();
    let kinds: Vec<_> = shared.kinds.iter().map(|kind| (kind.name, kind.per_workspace)).collect();
    let sight =
        shared.db.read((kinds, node), |rx, (kinds, node)| Box::pin(claim::look(rx, kinds, *node))).await?;
    for key in &sight.cancelled {
        shared.running.cancel(*key);
    }
    let now = shared.db.clock().now();
    let due = sight.astray || sight.due.is_some_and(|due| due <= now);
    let wanted = wanted(shared, &sight, due);
    let mut left = sight.ready.len() > wanted.len();
    let mut promoted = false;
    if shared.options.work && (!wanted.is_empty() || due) {
        let taken = take(shared, node, &wanted, sight.astray).await?;
        promoted = due && taken.is_some();
        left |= taken.unwrap_or(false);
    }
    if left && tell && shared.db.engine() == Engine::Postgres {
        shared.db.notify(CHANNEL).await?;
    }
    let next = sight.due.filter(|due| *due > now).map(|due| due.since(now));
    // What became ready may be more than one claim promotes, and of kinds that others run.
    Ok(if promoted {
        Duration::ZERO
    } else {
        next.map_or(shared.options.poll, |next| next.min(shared.options.poll))
    })
}

/// What there is room for. When something falls due its kind is not known yet, so everything is asked for.
fn wanted(shared: &Shared, sight: &Sight, due: bool) -> Vec<Wanted> {
    let after = shared.after.lock();
    let kinds = shared.kinds.iter().enumerate().filter(|(at, kind)| {
        shared.options.work
            && (due || sight.ready.contains(at))
            && !sight.paused.iter().any(|paused| paused == kind.queue)
    });
    kinds
        .map(|(_, kind)| Wanted {
            kind: kind.name,
            free: shared.running.free(kind.name, kind.concurrency),
            per_lane: kind.per_workspace,
            after: after.get(kind.name).cloned().unwrap_or_default(),
        })
        .filter(|one| one.free > 0)
        .collect()
}

/// Tells whether something may be left for others; `None` when this node was taken for dead.
async fn take(shared: &Arc<Shared>, node: NodeId, wanted: &[Wanted], astray: bool) -> Result<Option<bool>> {
    let claim = shared.db.write_relaxed((node, wanted.to_vec(), astray), |tx, (node, wanted, astray)| {
        Box::pin(claim::claim(tx, *node, wanted, *astray))
    });
    // Not in the list of the living: the next heartbeat sets that right.
    let Some(claimed) = claim.await? else { return Ok(None) };
    let mut places: HashMap<&str, usize> = wanted.iter().map(|one| (one.kind, one.free)).collect();
    for one in claimed {
        let Some(kind) = shared.kinds.iter().find(|kind| kind.name == one.head.kind) else { continue };
        if let Some(free) = places.get_mut(kind.name) {
            *free -= 1;
        }
        shared.after.lock().insert(kind.name, one.lane.clone());
        run::start(shared, kind, one);
    }
    Ok(Some(places.values().any(|free| *free == 0)))
}

/// Gives back what this node holds and does not run: a claim whose commit was lost from sight. Never beside a claim.
async fn reconcile(shared: &Shared) -> Result<()> {
    let node = *shared.node.lock();
    for key in shared.db.read(node, |rx, node| Box::pin(nodes::held(rx, *node))).await? {
        if !shared.running.has(key) {
            let give_back = shared.db.write(key, |tx, (id, attempt)| {
                Box::pin(attempts::end(tx, *id, *attempt, &Ending::GivenBack))
            });
            give_back.await?;
        }
    }
    Ok(())
}
