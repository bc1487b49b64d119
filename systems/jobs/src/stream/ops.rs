//! One listener of one job.

use std::collections::VecDeque;
use std::time::Duration;

use queue::{JobId, JobLine, State};
use tasks::Stopping;
use tokio::sync::watch;
use types::{Error, Result, Scope};
use web::{App, Place, Standing};

const BATCH: u32 = 100;
/// What another node wrote is found after this long.
const POLL: Duration = Duration::from_secs(1);
/// At most one look in so much time, however many commits there are.
const GATHER: Duration = Duration::from_millis(100);

pub(super) struct Follower {
    app: App,
    scope: Scope,
    id: JobId,
    /// The number of the last line that was read.
    after: i64,
    ready: VecDeque<JobLine>,
    ended: bool,
    standing: Standing,
    commits: watch::Receiver<u64>,
    stopping: Stopping,
    _place: Place,
}

impl Follower {
    /// `None` when the job has ended and everything of it was read. 404 without the job.
    pub(super) async fn begin(
        app: App,
        scope: Scope,
        id: JobId,
        after: i64,
        standing: Standing,
        place: Place,
    ) -> Result<Option<Self>> {
        let find = app.db().read((scope.clone(), id), |rx, (scope, id)| Box::pin(queue::get(rx, scope, *id)));
        find.await?.ok_or_else(Error::not_found)?;
        let (commits, stopping) = (app.db().commits(), app.tasks().stopping());
        let ready = VecDeque::new();
        let mut own =
            Self { app, scope, id, after, ready, ended: false, standing, commits, stopping, _place: place };
        own.look().await?;
        Ok((!own.ended || !own.ready.is_empty()).then_some(own))
    }

    /// The next line, or `None` when the stream has to end.
    pub(super) async fn next(&mut self) -> Option<JobLine> {
        loop {
            if self.stopping.is_stopping() {
                return None;
            }
            if self.standing.is_due() {
                self.standing.check().await.ok()?;
            }
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                () = self.stopping.stopped() => return None,
                () = tokio::time::sleep(POLL) => {}
                checked = self.standing.check() => checked.ok()?,
                changed = self.commits.changed() => if changed.is_err() { return None },
            }
            tokio::time::sleep(GATHER).await;
            if let Err(error) = self.look().await {
                tracing::debug!(error = %error.detail(), "a stream ends because the job could not be read");
                return None;
            }
        }
    }

    async fn look(&mut self) -> Result<()> {
        self.commits.mark_unchanged();
        let args = (self.scope.clone(), self.id, self.after);
        let seen = self.app.db().snapshot(args, |rx, (scope, id, after)| {
            Box::pin(async move {
                Ok((queue::get(rx, scope, *id).await?, queue::lines(rx, scope, *id, *after, BATCH).await?))
            })
        });
        let (job, lines) = seen.await?;
        self.after = lines.last().map_or(self.after, |line| line.number);
        // The end of a job is its last line. One that was forgotten meanwhile says nothing more.
        self.ended = job.is_none_or(|job| {
            !matches!(job.state, State::Queued | State::Running) && self.after >= job.version
        });
        self.ready.extend(lines);
        Ok(())
    }
}
