//! One attempt, from its start to its end, whatever it does.

use std::sync::Arc;
use std::time::Duration;

use tasks::{Lost, Stopwatch, Task};
use tokio::sync::watch;
use tracing::Instrument as _;
use types::{Error, Kind, Result};

use crate::error::{not_again, says_not_again, told};
use crate::job::{Finished, Held, Job};
use crate::kind::Registered;
use crate::running::Told;
use crate::store::Head;
use crate::store::attempts::{self, Ending};
use crate::store::claim::Claimed;
use crate::worker::Shared;

/// How an attempt came to its end.
enum Outcome {
    Ran(Result<Result<Finished>, Lost>),
    TimedOut,
    /// It was told to stop and did not.
    CutOff,
}

/// Runs it beside the caller. The place it takes is taken when this returns.
pub(crate) fn start(shared: &Arc<Shared>, kind: &Registered, claimed: Claimed) {
    let key = (claimed.head.id, claimed.head.attempt);
    let hear = shared.running.enter(key, kind.name);
    let waited = shared.db.clock().now().since(claimed.order.1);
    metrics::histogram!("jobs_wait_seconds", "kind" => kind.name).record(waited.as_secs_f64());
    let shared = Arc::clone(shared);
    let kind = kind.clone();
    let tasks = shared.tasks.clone();
    let span = span(&claimed.head);
    let work = async move {
        let gauge = metrics::gauge!("jobs_running", "kind" => kind.name);
        gauge.increment(1);
        let watch = Stopwatch::start();
        attempt(&shared, &kind, claimed, hear).await;
        metrics::histogram!("jobs_run_seconds", "kind" => kind.name).record(watch.elapsed().as_secs_f64());
        gauge.decrement(1);
        shared.running.leave(key);
        shared.freed.notify_one();
    };
    tasks.spawn("job attempt", work.instrument(span)).detach();
}

/// What its lines of the log carry: the ids of the request that asked for it go on.
fn span(head: &Head) -> tracing::Span {
    let trace = head.whose.trace();
    tracing::info_span!(
        "job",
        job = %head.id,
        kind = head.kind,
        attempt = head.attempt,
        request_id = &*trace.request_id,
        trace_id = &*trace.trace_id,
    )
}

async fn attempt(shared: &Shared, kind: &Registered, claimed: Claimed, hear: watch::Receiver<Told>) {
    let (id, attempt, failures) = (claimed.head.id, claimed.head.attempt, claimed.head.failures);
    let job = Job::new(Held {
        id,
        attempt,
        failures,
        whose: claimed.head.whose,
        payload: claimed.payload,
        db: shared.db.clone(),
        context: Arc::clone(kind.context.as_ref().unwrap_or(&shared.context)),
        told: hear.clone(),
        done: shared.done.clone(),
    });
    // Apart from everything else: its panic costs this attempt only, its time runs out even if it never waits, and then it
    // keeps a thread that nobody else needs.
    let run = Arc::clone(&kind.run);
    let mut work = shared.tasks.apart("job", async move { run(job).await }.in_current_span());
    let outcome = tokio::select! {
        ran = &mut work => Outcome::Ran(ran),
        () = tokio::time::sleep(kind.timeout) => Outcome::TimedOut,
        () = patience(hear.clone(), shared.options.grace) => Outcome::CutOff,
    };
    let patience = match outcome {
        Outcome::Ran(_) => None,
        Outcome::TimedOut => Some(shared.options.grace.max(MOMENT)),
        Outcome::CutOff => Some(MOMENT),
    };
    let mut deaf = false;
    if let Some(patience) = patience
        && !end_of(&mut work, patience).await
    {
        deaf = true;
        leave(shared, kind.name, work);
    }
    let now = *hear.borrow();
    let done = matches!(outcome, Outcome::Ran(Ok(Ok(_))));
    let ending = ending(kind, failures, outcome, deaf, now);
    let counted = match &ending {
        None if done => "done",
        None => "lost",
        Some(ending) => ending.as_str(),
    };
    metrics::counter!("jobs_attempts_total", "kind" => kind.name, "outcome" => counted).increment(1);
    if let Some(ending) = ending {
        keep(shared, id, attempt, &ending, &hear).await;
    }
}

/// How long it takes to cut off what waits.
const MOMENT: Duration = Duration::from_millis(200);

/// Cuts it off, and tells whether that worked within its time.
async fn end_of(work: &mut Task<Result<Finished>>, patience: Duration) -> bool {
    work.abort();
    tokio::time::timeout(patience, work).await.is_ok()
}

/// Leaves one that never waits and so cannot be cut off. It can no longer finish anything, and is counted until its thread
/// is free.
fn leave(shared: &Shared, kind: &'static str, work: Task<Result<Finished>>) {
    metrics::counter!("jobs_not_yielding_total", "kind" => kind).increment(1);
    let (place, threads) = shared.running.deaf(kind);
    tracing::error!(
        kind,
        threads,
        "a job never waits and cannot be cut off: it keeps a thread until it ends"
    );
    let freed = Arc::clone(&shared.freed);
    let over = async move {
        let _ = work.await;
        drop(place);
        freed.notify_one();
    };
    shared.tasks.spawn("job that never waits", over).detach();
}

/// Ends a while after the job was told to stop; at once when it was taken back, since nothing it does counts.
async fn patience(mut hear: watch::Receiver<Told>, grace: Duration) {
    if hear.wait_for(|told| told.cancel || told.stop || told.lost).await.is_err() {
        return std::future::pending().await;
    }
    let lost = hear.borrow().lost;
    if !lost {
        let lost = hear.wait_for(|told| told.lost);
        let _ = tokio::time::timeout(grace, lost).await;
    }
}

fn late() -> Error {
    Error::new(Kind::Timeout, "job_timed_out", "The job took longer than it may.")
}

/// What is to be kept of it; nothing when it is done, or is somebody else's by now.
fn ending(
    kind: &Registered,
    failures: u32,
    outcome: Outcome,
    deaf: bool,
    told_so_far: Told,
) -> Option<Ending> {
    let error = match outcome {
        Outcome::Ran(Ok(Ok(Finished { .. }))) => return None,
        _ if told_so_far.lost => return None,
        _ if told_so_far.cancel => return Some(Ending::Cancelled),
        _ if told_so_far.stop => return Some(Ending::GivenBack),
        Outcome::Ran(Ok(Err(error))) => error,
        Outcome::Ran(Err(_)) => Error::new(Kind::Internal, "job_panicked", "The job panicked."),
        // It never waits: another attempt would cost another thread.
        Outcome::TimedOut if deaf => not_again(late()),
        Outcome::TimedOut | Outcome::CutOff => late(),
    };
    if error.kind() == Kind::Internal {
        tracing::warn!(kind = kind.name, error = %error.detail(), "an attempt of a job failed");
    } else {
        tracing::info!(kind = kind.name, error = %error.detail(), "an attempt of a job failed");
    }
    let pause = kind.retry.pause(failures.saturating_add(1)).filter(|_| !says_not_again(&error));
    // Whoever answered "not before" is not asked before.
    let wanted = error.retry_after_seconds().map_or(Duration::ZERO, Duration::from_secs);
    Some(Ending::Failed { error: told(&error), again: pause.map(|pause| pause.max(wanted)) })
}

/// Keeps how it ended, however long the database is away: this node lives, so nobody else would ever take the job.
async fn keep(
    shared: &Shared,
    id: crate::JobId,
    attempt: i64,
    ending: &Ending,
    hear: &watch::Receiver<Told>,
) {
    loop {
        let kept = shared.db.write((id, attempt, ending.clone()), |tx, (id, attempt, ending)| {
            Box::pin(attempts::end(tx, *id, *attempt, ending))
        });
        match kept.await {
            Ok(held) => {
                if !held {
                    tracing::info!(job = %id, attempt, "an attempt ended that no longer held its job");
                }
                return;
            }
            // The group cuts this off at the end of shutdown; then other nodes take the job back.
            Err(error) => {
                tracing::warn!(job = %id, error = %error.detail(), "the end of an attempt could not be kept");
            }
        }
        if hear.borrow().lost {
            return;
        }
        tokio::time::sleep(shared.options.poll).await;
    }
}
