//! All systems' routes behind the gate, and the plain pages beside it.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use types::{Error, Kind};

use crate::app::App;
use crate::gate::gate;
use crate::problem::Problem;

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
        let api = api.route_layer(axum::middleware::from_fn_with_state(self.clone(), gate));
        api.merge(pages)
            .merge(crate::reference::routes(self))
            .route("/api/v1/openapi.json", get(document))
            .fallback(nothing_here)
            .method_not_allowed_fallback(no_such_method)
            .with_state(self.clone())
    }
}

async fn document(State(app): State<App>) -> impl IntoResponse {
    ([("cache-control", "public, max-age=30")], axum::Json(app.document().clone()))
}

async fn nothing_here() -> Problem {
    Error::not_found().into()
}

async fn no_such_method() -> Problem {
    Error::new(Kind::MethodNotAllowed, "method_not_allowed", "This address does not have that method.").into()
}
