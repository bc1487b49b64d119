//! Coming and going, and telling the other nodes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use types::{Id, Result, Scope, WorkspaceId};
use web::App;

use super::model::{Crowd, Crowds, Roll, Told};
use super::store;

const CHANNEL: &str = "mainstay_presence";
/// What comes together is said together.
const GATHER: Duration = Duration::from_millis(50);
/// How often a node says that it lives, and looks at the others without being told to.
const BEAT: Duration = Duration::from_secs(5);
/// A node that said nothing for so long is not believed any more.
const BELIEVED: Duration = Duration::from_secs(20);
/// News that somebody may not have read; beyond, he is shown everybody anew.
const UNREAD: usize = 64;

/// Who is where on this node, and what is known of the others.
pub(crate) struct Presences {
    node: String,
    places: Mutex<HashMap<WorkspaceId, Place>>,
    changed: Notify,
    started: AtomicBool,
    seats: AtomicU64,
}

struct Place {
    scope: Scope,
    roll: Roll,
    lines: HashMap<String, HashMap<u64, Line>>,
    /// Whether the other nodes have yet to be told.
    unsaid: bool,
}

#[derive(Clone)]
struct Line {
    news: mpsc::Sender<Told>,
    missed: Arc<AtomicBool>,
}

/// One connection's place on the topics of a workspace. Given back when it is dropped.
pub(crate) struct Seat {
    presences: Arc<Presences>,
    number: u64,
    scope: Scope,
    principal: String,
    topics: Vec<String>,
    line: Line,
    news: mpsc::Receiver<Told>,
}

impl Presences {
    pub(crate) fn new(now: types::Time) -> Self {
        Self {
            node: Id::at(now).encode(),
            places: Mutex::default(),
            changed: Notify::new(),
            started: AtomicBool::new(false),
            seats: AtomicU64::new(0),
        }
    }

    /// Somebody sits down, on no topic yet.
    pub(crate) fn seat(self: &Arc<Self>, app: &App, scope: &Scope, principal: &str) -> Seat {
        let several = app.db().engine() == db::Engine::Postgres;
        if several && !self.started.swap(true, Ordering::SeqCst) {
            app.tasks().spawn("presence", exchange(Arc::clone(self), app.clone())).detach();
        }
        let (sender, news) = mpsc::channel(UNREAD);
        Seat {
            presences: Arc::clone(self),
            number: self.seats.fetch_add(1, Ordering::Relaxed),
            scope: scope.clone(),
            principal: principal.to_owned(),
            topics: Vec::new(),
            line: Line { news: sender, missed: Arc::default() },
            news,
        }
    }

    /// What the other nodes have yet to be told: who is here, or that nobody is.
    fn unsaid(&self) -> Vec<(Scope, Option<Crowds>)> {
        let mut places = self.places.lock();
        let mut all = Vec::new();
        places.retain(|_, place| {
            let here = place.roll.here();
            if std::mem::take(&mut place.unsaid) {
                all.push((place.scope.clone(), (!here.is_empty()).then(|| here.clone())));
            }
            !here.is_empty()
        });
        all
    }

    fn say_anew(&self, scopes: &[Scope]) {
        let mut places = self.places.lock();
        for scope in scopes {
            let place = places.entry(scope.workspace()).or_insert_with(|| Place::of(scope));
            place.unsaid = true;
        }
        self.changed.notify_one();
    }

    fn scopes(&self) -> Vec<Scope> {
        self.places.lock().values().map(|place| place.scope.clone()).collect()
    }

    fn hear(&self, workspace: WorkspaceId, elsewhere: Crowds) {
        if let Some(place) = self.places.lock().get_mut(&workspace) {
            for told in place.roll.hear(elsewhere) {
                place.tell(&told, None);
            }
        }
    }
}

impl Place {
    fn of(scope: &Scope) -> Self {
        Self { scope: scope.clone(), roll: Roll::default(), lines: HashMap::new(), unsaid: false }
    }

    fn tell(&self, told: &Told, but: Option<u64>) {
        for (number, line) in self.lines.get(&*told.topic).into_iter().flatten() {
            if Some(*number) != but && line.news.try_send(told.clone()).is_err() {
                line.missed.store(true, Ordering::SeqCst);
            }
        }
    }
}

impl Seat {
    /// Comes to a topic, and sees who is there.
    pub(crate) fn enter(&mut self, topic: &str) -> Crowd {
        let mut places = self.presences.places.lock();
        let place = places.entry(self.scope.workspace()).or_insert_with(|| Place::of(&self.scope));
        if !self.topics.iter().any(|one| one == topic) {
            self.topics.push(topic.to_owned());
            let told = place.roll.enter(topic, &self.principal);
            place.tell(&told, None);
            place.lines.entry(topic.to_owned()).or_default().insert(self.number, self.line.clone());
            place.unsaid = true;
            self.presences.changed.notify_one();
        }
        place.roll.crowd(topic)
    }

    pub(crate) fn leave(&mut self, topic: &str) {
        let before = self.topics.len();
        self.topics.retain(|one| one != topic);
        if self.topics.len() < before {
            self.go(topic);
        }
    }

    fn go(&self, topic: &str) {
        let mut places = self.presences.places.lock();
        let Some(place) = places.get_mut(&self.scope.workspace()) else { return };
        if let Some(lines) = place.lines.get_mut(topic) {
            lines.remove(&self.number);
            if lines.is_empty() {
                place.lines.remove(topic);
            }
        }
        let told = place.roll.leave(topic, &self.principal);
        place.tell(&told, Some(self.number));
        place.unsaid = true;
        if !self.presences.started.load(Ordering::SeqCst) && place.roll.here().is_empty() {
            // There are no other nodes to tell.
            places.remove(&self.scope.workspace());
        }
        self.presences.changed.notify_one();
    }

    /// The next who comes or goes; `None` when too much was missed, and everybody has to be looked at anew.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        if self.line.missed.load(Ordering::SeqCst) {
            return None;
        }
        // It holds a sender itself, so there is always one.
        self.news.recv().await
    }

    /// Everybody, topic by topic, after something was missed.
    pub(crate) fn look_anew(&mut self) -> Vec<(String, Crowd)> {
        let places = self.presences.places.lock();
        while self.news.try_recv().is_ok() {}
        self.line.missed.store(false, Ordering::SeqCst);
        let Some(place) = places.get(&self.scope.workspace()) else { return Vec::new() };
        self.topics.iter().map(|topic| (topic.clone(), place.roll.crowd(topic))).collect()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        for topic in std::mem::take(&mut self.topics) {
            self.go(&topic);
        }
    }
}

/// Tells the other nodes who is here and hears who is there, until the server stops.
async fn exchange(presences: Arc<Presences>, app: App) {
    let stopping = app.tasks().stopping();
    let mut heard = app.db().listen(CHANNEL);
    let mut beat_at = Instant::now() + BEAT;
    loop {
        let stopped = tokio::select! {
            () = stopping.stopped() => true,
            () = presences.changed.notified() => false,
            changed = heard.changed() => changed.is_err(),
            () = tokio::time::sleep_until(beat_at) => false,
        };
        if stopped {
            break;
        }
        tokio::time::sleep(GATHER).await;
        heard.mark_unchanged();
        let beats = Instant::now() >= beat_at;
        if beats {
            beat_at = Instant::now() + BEAT;
        }
        if let Err(error) = turn(&presences, &app, beats).await {
            tracing::debug!(error = %error.detail(), "who is present could not be exchanged; it is tried again");
            tokio::time::sleep(GATHER * 10).await;
        }
    }
    let all = presences.scopes().into_iter().map(|scope| (scope, None)).collect();
    if let Err(error) = say(&presences, &app, all).await {
        tracing::debug!(error = %error.detail(), "the other nodes find out by themselves that this one is gone");
    }
}

async fn turn(presences: &Presences, app: &App, beats: bool) -> Result<()> {
    let unsaid = presences.unsaid();
    let scopes: Vec<Scope> = unsaid.iter().map(|(scope, _)| scope.clone()).collect();
    if let Err(error) = say(presences, app, unsaid).await {
        presences.say_anew(&scopes);
        return Err(error);
    }
    let scopes = presences.scopes();
    if beats && !scopes.is_empty() {
        let args = (presences.node.clone(), scopes.clone());
        let unknown = app.db().write_relaxed(args, |tx, (node, scopes)| {
            Box::pin(async move {
                let mut unknown = Vec::new();
                for scope in scopes {
                    if !store::say_again(tx, scope, node).await? {
                        unknown.push(scope.clone());
                    }
                }
                Ok(unknown)
            })
        });
        let unknown = unknown.await?;
        if !unknown.is_empty() {
            presences.say_anew(&unknown);
        }
    }
    let since = app.clock().now().minus(BELIEVED);
    for scope in scopes {
        let workspace = scope.workspace();
        let args = (scope, presences.node.clone(), since);
        let elsewhere = app
            .db()
            .read(args, |rx, (scope, node, since)| Box::pin(store::elsewhere(rx, scope, node, *since)));
        presences.hear(workspace, elsewhere.await?);
    }
    Ok(())
}

async fn say(presences: &Presences, app: &App, all: Vec<(Scope, Option<Crowds>)>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let said = app.db().write_relaxed((presences.node.clone(), all), |tx, (node, all)| {
        Box::pin(async move {
            for (scope, here) in all {
                match here {
                    Some(here) => store::say(tx, scope, node, here).await?,
                    None => store::take_back(tx, scope, node).await?,
                }
            }
            Ok(())
        })
    });
    said.await?;
    app.db().notify(CHANNEL).await
}
