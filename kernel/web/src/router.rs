//! All systems' routes behind the gate, and the plain pages beside it.

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::{HeaderMap, header};
use types::Error;

use crate::app::App;
use crate::etag::Condition;
use crate::gate::{gate, visitors};
use crate::problem::{Problem, Result};
use crate::reply::Reply;

impl App {
    /// The whole house, without the layers of the edge.
    pub fn router(&self) -> Router {
        let mut api = utoipa_axum::router::OpenApiRouter::new();
        let mut pages = Router::new();
        for system in self.systems() {
            api = api.merge((system.routes)());
            pages = pages.merge((system.pages)());
        }
        let (api, _) = api.split_for_parts();
        let api = api.route_layer(from_fn_with_state(self.clone(), gate));
        let pages = pages.route_layer(from_fn_with_state(self.clone(), visitors));
        api.merge(pages)
            .merge(crate::reference::routes(self))
            .merge(crate::mail_page::routes(self))
            .route("/api/v1/openapi.json", get(document))
            .fallback(nothing_here)
            .method_not_allowed_fallback(no_such_method)
            .layer(from_fn_with_state(self.clone(), crate::published::preflights))
            .with_state(self.clone())
    }
}

async fn document(State(app): State<App>, headers: HeaderMap) -> Result<Reply> {
    let asked = Condition::read(&headers, &header::IF_NONE_MATCH)?;
    let (reply, tag) = app.document_reply();
    let held = asked.is_some_and(|condition| condition.holds(tag));
    Ok(if held { reply.clone().not_modified() } else { reply.clone() })
}

async fn nothing_here() -> Problem {
    Error::not_found().into()
}

async fn no_such_method() -> Problem {
    crate::gate::no_such_method().into()
}
