//! Whether everything we need answers, asked at most once a second however often we are asked (A46).
//!
//! Owns the asking. What is asked is handed in as closures.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

/// What a dependency said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    Ok,
    Down,
    /// Not used in this installation.
    Disabled,
}

impl CheckState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Down => "down",
            Self::Disabled => "disabled",
        }
    }
}

/// One dependency and how to ask it.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    /// Whether requests can be answered without it.
    spare: bool,
    ask: Arc<dyn Fn() -> BoxFuture<'static, CheckState> + Send + Sync>,
}

impl Check {
    pub fn new<F>(name: &'static str, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = CheckState> + Send + 'static,
    {
        Self { name, spare: false, ask: Arc::new(move || ask().boxed()) }
    }

    /// One that is told when it is down, and that requests can do without.
    #[must_use]
    pub fn spare(self) -> Self {
        Self { spare: true, ..self }
    }
}

/// What one dependency said.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    pub(super) name: &'static str,
    pub(super) state: CheckState,
    spare: bool,
}

impl Answer {
    /// Whether the node should be left out because of it.
    pub(super) fn missing(&self) -> bool {
        self.state == CheckState::Down && !self.spare
    }
}

/// What every dependency said, in the order of the checks.
pub(super) type Answers = Arc<[Answer]>;

/// How long an answer is believed.
const FRESH: Duration = Duration::from_secs(1);
/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

struct Round {
    began: Instant,
    answers: Shared<BoxFuture<'static, Answers>>,
}

/// Asks all checks together, once for all who want to know.
#[derive(Default)]
pub(super) struct Readiness {
    round: Mutex<Option<Round>>,
}

impl Readiness {
    pub(super) async fn ask(&self, checks: &[Check]) -> Answers {
        let answers = {
            let mut round = self.round.lock();
            let now = Instant::now();
            let age = round.as_ref().map(|round| now.duration_since(round.began));
            let over = round.as_ref().is_none_or(|round| round.answers.peek().is_some());
            // A round that nobody waited for to the end is not taken up again: its timers ran out unseen.
            let stale = age.is_none_or(|age| age >= if over { FRESH } else { FRESH + PATIENCE });
            if stale {
                *round = Some(Round { began: now, answers: all(checks.to_vec()).boxed().shared() });
            }
            round.as_ref().map(|round| round.answers.clone())
        };
        match answers {
            Some(answers) => answers.await,
            None => Arc::new([]),
        }
    }
}

async fn all(checks: Vec<Check>) -> Answers {
    let asked = checks.into_iter().map(|check| async move {
        // A check that panics is a dependency that does not answer.
        let answer = std::panic::AssertUnwindSafe(timeout(PATIENCE, (check.ask)())).catch_unwind();
        let state = answer.await.ok().and_then(Result::ok).unwrap_or(CheckState::Down);
        metrics::gauge!("ready", "dependency" => check.name).set(if state == CheckState::Down {
            0.0
        } else {
            1.0
        });
        Answer { name: check.name, state, spare: check.spare }
    });
    join_all(asked).await.into()
}
