//! The state that every handler is given.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use db::Db;
use types::{Clock, Error, Result};

use crate::access::AccessTable;
use crate::caller::Authenticate;
use crate::cookie::Forgery;
use crate::directory::Directory;
use crate::etag::Tag;
use crate::faults::{Fault, Faults};
use crate::in_flight::InFlight;
use crate::keys::Keys;
use crate::refusals::Refusals;
use crate::reply::{Cache, Reply};
use crate::system::System;

/// What startup has made before there is an `App`; systems add to it when they are installed.
pub struct Parts {
    pub db: Db,
    pub settings: config::Settings,
    pub tasks: tasks::TaskGroup,
    pub journal: journal::Journal,
    pub counters: cache::Counters,
    pub outbound: outbound::Outbound,
    pub keys: Keys,
    pub authenticate: Option<Arc<dyn Authenticate>>,
    pub directory: Option<Arc<dyn Directory>>,
    pub extensions: Extensions,
    pub faults: Faults,
    pub systems: Vec<System>,
}

/// Values of systems, one a type.
#[derive(Default)]
pub struct Extensions(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Extensions {
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.0.insert(TypeId::of::<T>(), value);
    }

    fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.get(&TypeId::of::<T>()).cloned()?.downcast().ok()
    }
}

/// The house, from a handler's point of view. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    mailer: Arc<mail::Mailer>,
    authenticate: Arc<dyn Authenticate>,
    access: AccessTable,
    document: serde_json::Value,
    /// The document as it is sent: it never changes while we run.
    document_reply: (Reply, Tag),
    signer: query::Signer,
    forgery: Forgery,
    in_flight: InFlight,
    refusals: Refusals,
}

impl App {
    /// Installs the systems and holds their operations against the access table.
    pub fn new(mut parts: Parts) -> Result<Self> {
        parts.systems.insert(0, crate::system());
        for system in parts.systems.clone() {
            (system.install)(&mut parts)?;
        }
        let authenticate =
            parts.authenticate.clone().ok_or_else(|| Error::internal("no system fulfils Authenticate"))?;
        let document = crate::openapi::document(&parts.systems);
        let access = AccessTable::build(
            &document,
            parts.systems.iter().flat_map(|system| system.access.iter().copied()),
        )?;
        let document = crate::openapi::finish(document, &access, &parts.systems)?;
        let reply = Reply::ok(&document)?;
        let tag = Tag::of_body(&reply.body, "");
        let document_reply = (reply.tagged(&tag).cached(Cache::Public), tag);
        let signer = query::Signer::new(&parts.keys.derive("cursors"));
        let forgery = Forgery::new(&parts.keys);
        let mailer =
            mail::Mailer::new(parts.settings.clone(), parts.db.clock().clone(), &parts.keys.derive("mail"));
        Ok(Self(Arc::new(Inner {
            parts,
            mailer: Arc::new(mailer),
            authenticate,
            access,
            document,
            document_reply,
            signer,
            forgery,
            in_flight: InFlight::default(),
            refusals: Refusals::default(),
        })))
    }

    pub fn db(&self) -> &Db {
        &self.0.parts.db
    }

    pub fn clock(&self) -> &Clock {
        self.0.parts.db.clock()
    }

    pub fn settings(&self) -> &config::Settings {
        &self.0.parts.settings
    }

    pub fn tasks(&self) -> &tasks::TaskGroup {
        &self.0.parts.tasks
    }

    pub fn journal(&self) -> &journal::Journal {
        &self.0.parts.journal
    }

    pub fn keys(&self) -> &Keys {
        &self.0.parts.keys
    }

    pub fn counters(&self) -> &cache::Counters {
        &self.0.parts.counters
    }

    /// The way to other servers.
    pub fn outbound(&self) -> &outbound::Outbound {
        &self.0.parts.outbound
    }

    /// Who writes to people: `app.mailer().send(tx, scope, &message)`.
    pub fn mailer(&self) -> &Arc<mail::Mailer> {
        &self.0.mailer
    }

    pub fn systems(&self) -> &[System] {
        &self.0.parts.systems
    }

    pub fn access(&self) -> &AccessTable {
        &self.0.access
    }

    /// The OpenAPI document.
    pub fn document(&self) -> &serde_json::Value {
        &self.0.document
    }

    pub(crate) fn document_reply(&self) -> &(Reply, Tag) {
        &self.0.document_reply
    }

    pub fn authenticate(&self) -> &dyn Authenticate {
        &*self.0.authenticate
    }

    /// What a system put there when it was installed.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Result<Arc<T>> {
        self.0
            .parts
            .extensions
            .get()
            .ok_or_else(|| Error::internal(format!("{} was never installed", std::any::type_name::<T>())))
    }

    /// Whether a fault was planted here; always `false` outside tests.
    pub fn broken(&self, fault: Fault) -> bool {
        self.0.parts.faults.has(fault)
    }

    pub fn signer(&self) -> &query::Signer {
        &self.0.signer
    }

    /// Who is written to about a workspace; none where no system knows people.
    pub fn directory(&self) -> Option<&dyn Directory> {
        self.0.parts.directory.as_deref()
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    pub(crate) fn forgery(&self) -> &Forgery {
        &self.0.forgery
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }
}
