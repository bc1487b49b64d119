//! The request: who is asking, one commit, one answer, one description of it all.
//!
//! Owns the gate, the commit with its kept replies, tags, problems, limits, the OpenAPI document and the edge.
//! Refuses to know any system: they come as values of [`System`].

mod access;
mod app;
mod body;
mod caller;
mod commit;
mod context;
mod cookie;
mod directory;
pub mod edge;
mod etag;
mod explained;
mod faults;
mod fields;
mod frames;
mod gate;
mod idempotency_key;
mod in_flight;
mod judge;
mod kept;
mod keys;
mod limits;
mod mail_page;
mod merge;
mod openapi;
mod page;
mod places;
mod problem;
mod published;
mod reference;
mod refusals;
mod reply;
mod router;
mod seal;
mod socket;
mod standing;
mod system;
mod tally;
mod view;

pub use access::{Access, AccessTable, Fresh, Rule, Tier};
pub use app::{App, Extensions, Parts};
pub use body::{Form, Json, Path, read_json};
pub use caller::{Authenticate, Caller, Closed, Credential};
pub use commit::{Change, Check, Commit};
pub use context::{Client, Ground};
pub use cookie::{CSRF_HEADER, Cookie, SetCookie, Way, own_page};
pub use directory::Directory;
pub use etag::Condition;
pub use faults::{Fault, Faults};
pub use frames::{Frame, streamed};
pub use gate::public_scope;
pub use idempotency_key::{Asked, Key, Owner, RawKey};
pub use judge::second_factor_needed;
pub use keys::Keys;
pub use limits::network;
pub use merge::Field;
pub use openapi::api_document;
pub use page::{escape, page, page_of_link};
pub use places::{Place, Places};
pub use problem::{Problem, Result, respond, status};
pub use reply::{Reply, Thing};
pub use seal::Seal;
pub use socket::{Bounds, Close, Handshake, Heard, Socket, Visitor};
pub use standing::{Ended, Proof, Standing};
pub use system::{
    Forget, PermissionInfo, Rank, Realm, System, Upkeep, forgetters, jobs, kinds, metrics, migrations,
    sections,
};
pub use tally::Tally;
pub use view::{ListShape, View};

const ACCESS: &[Access] = &[Access::new("create_security_report", Rule::Anyone).unkept()];

/// What the request itself brings along: kept replies, what was refused, and the door for browsers' reports.
pub const fn system() -> System {
    System {
        name: "web",
        routes: || {
            utoipa_axum::router::OpenApiRouter::new()
                .routes(utoipa_axum::routes!(edge::create_security_report))
        },
        pages: || {
            let pages = axum::Router::new().route("/assets/page.css", axum::routing::get(page::style));
            let pages = pages.route("/assets/link.js", axum::routing::get(page::link_script));
            pages.route("/docs/problems/{code}", axum::routing::get(explained::show))
        },
        migrations: kept::MIGRATIONS,
        access: ACCESS,
        events: &[refusals::EVENT],
        audited: true,
        upkeep: &[kept::UPKEEP, refusals::UPKEEP],
        ..System::EMPTY
    }
}
