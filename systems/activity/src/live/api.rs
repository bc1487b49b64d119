//! Opening the socket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::RawQuery;
use axum::response::Response;
use http::HeaderMap;
use query::Params;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Bounds, Credential, Handshake, Places, Result};

use super::greeting::{self, Door};
use crate::ActivitySettings;

/// Bytes of one message of a client.
const MESSAGE: usize = 8 * 1024;
/// Whoever does not take one message in this time is let go.
const WRITE: Duration = Duration::from_secs(10);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(open_live))
}

/// Opens a WebSocket on which topics are followed.
///
/// The credential comes in a header like everywhere, or, from the scripts of browsers, as `token` in the first message
/// `hello`; never in the address. What is said on the socket, both ways, and its close codes are in the guide, page `live`.
/// 426 `upgrade_required` for a request that does not ask for a WebSocket.
#[utoipa::path(get, path = "/api/v1/live", tag = "events", operation_id = "open_live",
    responses(
        (status = 101, description = "The connection is a WebSocket now."),
        (status = 426, description = "This address speaks WebSocket only.")))]
async fn open_live(handshake: Handshake, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response> {
    Params::parse(query.as_deref().unwrap_or_default())?.only(&[])?;
    let app = handshake.visitor.app.clone();
    let settings = app.settings().get::<ActivitySettings>();
    let places: Arc<Places> = app.extension()?;
    // Who has not said yet who he is takes a place of his network's.
    let known = handshake.visitor.known.as_ref().map(|(caller, _)| caller.principal.clone());
    let holder = known.unwrap_or_else(|| web::network(handshake.visitor.client).into());
    let place = places.take(&holder, settings.streams_per_caller, settings.streams)?;
    let bounds = Bounds { message: MESSAGE, per_second: settings.messages_per_second, write: WRITE };
    let credential = Credential::read(&headers)?;
    let door = Door { visitor: handshake.visitor.clone(), credential, place };
    Ok(handshake.open("live socket", bounds, move |socket| greeting::serve(door, socket)))
}
