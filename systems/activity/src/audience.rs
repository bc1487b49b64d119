//! What a caller may read of the journal.

use types::Rights;
use web::App;

/// The kinds of events that somebody with these rights may read. What no system declares, nobody reads.
pub(crate) fn kinds(app: &App, rights: &Rights) -> Vec<&'static str> {
    journal::visible_kinds(app.systems().iter().flat_map(|system| system.events), Some(rights))
}
