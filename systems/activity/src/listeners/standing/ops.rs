//! The rights of a listener as the kinds of events that he may know of.

use types::Result;
use web::{App, Caller, Ended, Proof};

use crate::{READ, visible_kinds};

pub(crate) struct Standing {
    app: App,
    caller: web::Standing,
    pub(crate) kinds: Vec<&'static str>,
}

impl Standing {
    pub(crate) fn begin(app: &App, caller: &Caller, proof: Proof) -> Self {
        Self {
            kinds: visible_kinds(app, &caller.rights),
            caller: web::Standing::begin(app, caller, proof, READ),
            app: app.clone(),
        }
    }

    pub(crate) fn principal(&self) -> &str {
        self.caller.principal()
    }

    pub(crate) fn is_due(&self) -> bool {
        self.caller.is_due()
    }

    /// Waits until it is time to ask, and takes over what he may see from then on. Safe to drop while it waits.
    pub(crate) async fn check(&mut self) -> Result<(), Ended> {
        self.caller.check().await?;
        self.kinds = visible_kinds(&self.app, self.caller.rights());
        Ok(())
    }
}
