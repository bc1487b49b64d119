//! The settings of this process: read without a lock, changed as a whole.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::environment::variable;
use crate::layers::{Layers, Slots, default_of};
use crate::setting::clean;
use crate::shape::{At, Shape};
use crate::{Explanation, Mistake, Mistakes, Section, Sources, Typed};

/// Every setting. Cheap to clone; all clones see a change at the same moment.
#[derive(Clone)]
pub struct Settings(Arc<Inner>);

struct Inner {
    shape: Arc<Shape>,
    /// All layers but the run-time one. Environment and flags are above that one, and locked.
    base: Arc<Slots>,
    live: ArcSwap<Snapshot>,
    changes: watch::Sender<u64>,
    changing: Mutex<()>,
}

/// The settings at one moment.
struct Snapshot {
    slots: Slots,
    built: Vec<Arc<dyn Any + Send + Sync>>,
    runtime: Map<String, Value>,
}

impl Settings {
    /// Puts the layers of `sources` on the defaults of `sections`.
    ///
    /// # Errors
    /// Every mistake there is, at once.
    pub fn load(sections: &[&'static Section], mut sources: Sources) -> Result<Self, Mistakes> {
        let runtime = std::mem::take(&mut sources.runtime);
        Self::assemble(sections, runtime, |layers| layers.sources(&mut sources))
    }

    /// From the text of a settings file alone.
    ///
    /// # Errors
    /// Every mistake there is, at once.
    pub fn of_text(sections: &[&'static Section], text: &str) -> Result<Self, Mistakes> {
        Self::assemble(sections, Map::new(), |layers| {
            layers.text(text, "text");
        })
    }

    fn assemble(
        sections: &[&'static Section],
        runtime: Map<String, Value>,
        fill: impl FnOnce(&mut Layers<'_>),
    ) -> Result<Self, Mistakes> {
        let (shape, unsound) = Shape::new(sections);
        if !unsound.is_empty() {
            return Err(Mistakes(unsound));
        }
        let mut layers = Layers::defaults(&shape).map_err(Mistakes)?;
        fill(&mut layers);
        let base = layers.slots.clone();
        layers.runtime(&runtime);
        let Layers { slots, mut mistakes, wrong, .. } = layers;
        let settings = Self::around(Arc::new(shape), Arc::new(base), slots, runtime);
        mistakes.extend(settings.conclusions(&wrong));
        if mistakes.is_empty() { Ok(settings) } else { Err(Mistakes(mistakes)) }
    }

    fn around(shape: Arc<Shape>, base: Arc<Slots>, slots: Slots, runtime: Map<String, Value>) -> Self {
        let built = shape.sections.iter().zip(&slots).map(|(section, row)| {
            let values = row.iter().map(|slot| &slot.parsed).collect();
            (section.build)(&crate::Slots { fields: section.fields, values })
        });
        let snapshot = Snapshot { built: built.collect(), slots, runtime };
        Self(Arc::new(Inner {
            shape,
            base,
            live: ArcSwap::from_pointee(snapshot),
            changes: watch::channel(0).0,
            changing: Mutex::new(()),
        }))
    }

    /// What the sections say about each other, without what is concluded from a value that is wrong itself.
    fn conclusions(&self, wrong: &std::collections::BTreeSet<String>) -> Vec<Mistake> {
        let found = self.0.shape.sections.iter().flat_map(|section| (section.check)(self));
        let sound =
            found.filter(|m| !wrong.contains(&m.key) && !m.given.iter().any(|key| wrong.contains(*key)));
        sound
            .map(|mistake| match self.0.shape.by_key.get(&mistake.key) {
                Some(at) => {
                    let origin = self.0.live.load().slots[at.0][at.1].origin.clone();
                    mistake.from_origin(origin)
                }
                None => mistake,
            })
            .collect()
    }

    /// A section as it is at this moment. Takes no lock.
    ///
    /// # Panics
    /// When the section was not among those given to [`Settings::load`].
    pub fn get<S: Typed>(&self) -> Arc<S> {
        self.find::<S>().expect("the section was given to Settings::load")
    }

    /// Like [`Settings::get`], for checks of sections that may not have been loaded together.
    pub fn find<S: Typed>(&self) -> Option<Arc<S>> {
        let at = *self.0.shape.by_type.get(&(S::DESCRIPTION.type_id)())?;
        Arc::clone(&self.0.live.load().built[at]).downcast::<S>().ok()
    }

    /// Replaces the whole run-time layer, and answers with the keys whose value is now another. A value of a
    /// locked setting is kept, without effect.
    ///
    /// # Errors
    /// Every mistake; then nothing was changed.
    pub fn set_runtime(&self, values: Map<String, Value>) -> Result<Vec<String>, Mistakes> {
        let _one_at_a_time = self.0.changing.lock();
        Ok(self.become_like(&self.with_runtime(values)?))
    }

    /// Like [`Settings::set_runtime`], passing over what is wrong: a setting that a newer version took away must not
    /// keep the server from starting. Answers with what was changed and what was passed over.
    pub fn adopt_runtime(&self, values: Map<String, Value>) -> (Vec<String>, Vec<Mistake>) {
        let _one_at_a_time = self.0.changing.lock();
        let (candidate, passed_over) = self.preview(values);
        (self.become_like(&candidate), passed_over)
    }

    fn become_like(&self, candidate: &Self) -> Vec<String> {
        let next = candidate.0.live.load_full();
        let before = self.0.live.swap(Arc::clone(&next));
        let keys = self.0.shape.all().filter(|at| differ(&before, &next, *at)).map(|at| self.key(at));
        let changed: Vec<String> = keys.collect();
        if !changed.is_empty() {
            self.0.changes.send_modify(|count| *count += 1);
        }
        changed
    }

    /// These settings with another run-time layer. The live ones stay as they are.
    ///
    /// # Errors
    /// Every mistake.
    pub fn with_runtime(&self, values: Map<String, Value>) -> Result<Self, Mistakes> {
        let mut layers = Layers::from_slots(&self.0.shape, Slots::clone(&self.0.base));
        layers.runtime(&values);
        let Layers { slots, mut mistakes, wrong, .. } = layers;
        let candidate = Self::around(Arc::clone(&self.0.shape), Arc::clone(&self.0.base), slots, values);
        mistakes.extend(candidate.conclusions(&wrong));
        if mistakes.is_empty() { Ok(candidate) } else { Err(Mistakes(mistakes)) }
    }

    /// Like [`Settings::with_runtime`], passing over what is wrong.
    pub fn preview(&self, mut values: Map<String, Value>) -> (Self, Vec<Mistake>) {
        let mut passed_over = Vec::new();
        loop {
            let Mistakes(mistakes) = match self.with_runtime(values.clone()) {
                Ok(candidate) => return (candidate, passed_over),
                Err(mistakes) => mistakes,
            };
            passed_over.extend(mistakes.iter().cloned());
            if values.is_empty() {
                return (self.clone(), passed_over);
            }
            let before = values.len();
            values
                .retain(|key, _| !mistakes.iter().any(|m| m.key == *key || m.given.contains(&key.as_str())));
            // Nothing to leave out: the mistake is about something else, so the layer is not used at all.
            if values.len() == before {
                values.clear();
            }
        }
    }

    /// The run-time layer as it was last given.
    pub fn runtime(&self) -> Map<String, Value> {
        self.0.live.load().runtime.clone()
    }

    /// Counts the changes: wait on it to hear of the next.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// The sections, as they were given.
    pub fn sections(&self) -> &[&'static Section] {
        &self.0.shape.sections
    }

    /// Everything about one setting.
    pub fn explain(&self, key: &str) -> Option<Explanation> {
        self.0.shape.by_key.get(key).map(|at| self.explanation(*at))
    }

    /// The setting that was probably meant.
    pub fn nearest(&self, key: &str) -> Option<String> {
        crate::nearest::did_you_mean(key, self.0.shape.by_key.keys().map(String::as_str))
    }

    /// Everything about every setting, in the order of the sections.
    pub fn show(&self) -> Vec<Explanation> {
        self.0.shape.all().map(|at| self.explanation(at)).collect()
    }

    fn key(&self, at: At) -> String {
        let (section, field) = self.0.shape.field(at);
        section.key(field.name)
    }

    fn explanation(&self, at: At) -> Explanation {
        let (section, field) = self.0.shape.field(at);
        let kind = (field.kind)();
        let live = self.0.live.load();
        let slot = &live.slots[at.0][at.1];
        Explanation {
            key: self.key(at),
            help: clean(field.help),
            kind: kind.name.into_owned(),
            example: kind.example.into_owned(),
            default: default_of(field).map_or(Value::Null, |parsed| parsed.shown),
            value: slot.parsed.shown.clone(),
            origin: slot.origin.clone(),
            locked_by: slot.origin.lock(),
            runtime: field.runtime,
            secret: field.secret,
            variable: variable(section, field.name),
            schema: kind.schema,
        }
    }
}

/// Whether a setting has another value. What is shown of two secrets is the same, so where secrets may have changed the
/// run-time layers are compared.
fn differ(before: &Snapshot, next: &Snapshot, at: At) -> bool {
    let (a, b) = (&before.slots[at.0][at.1], &next.slots[at.0][at.1]);
    let hidden = a.parsed.holds_secret || b.parsed.holds_secret;
    a.parsed.shown != b.parsed.shown || (hidden && !Arc::ptr_eq(&a.parsed.value, &b.parsed.value))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.show().into_iter().map(|e| (e.key, format!("{} ({})", e.value, e.origin))))
            .finish()
    }
}
