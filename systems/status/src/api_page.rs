//! The public status page: plain HTML, no script, small enough for a bad day.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use types::{Result, Time, Trace};
use web::{App, Problem};

use crate::level::Level;
use crate::services::model::ServiceRow;
use crate::services::store;

pub(crate) fn pages() -> Router<App> {
    Router::new().route("/status", get(show))
}

async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let services = match web::public_scope(&app, Trace::default()).await? {
        Some(scope) => app.db().read(scope, |rx, scope| Box::pin(store::all(rx, scope))).await?,
        None => Vec::new(),
    };
    let overall = Level::overall(services.iter().map(|service| service.status));
    Ok(html(overall, &services))
}

fn html(overall: Level, services: &[ServiceRow]) -> Response {
    let rows: String = services.iter().map(row).collect();
    let table = if rows.is_empty() {
        "<p>No service has reported anything yet.</p>".to_owned()
    } else {
        format!(
            "<table><caption>Services</caption><thead><tr><th scope=\"col\">Service</th><th scope=\"col\">Status</th><th scope=\"col\">Since</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    };
    let mut page = web::page(StatusCode::OK, "Status", &format!("<h1>{}</h1>{table}", headline(overall)));
    // On a bad day everybody looks at once: what is between us and them may answer for us.
    page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=30"));
    page
}

fn row(service: &ServiceRow) -> String {
    format!(
        "<tr><th scope=\"row\">{name}</th><td><span class=\"{level}\">{words}</span></td>\
         <td><time datetime=\"{since}\">{minute} UTC</time></td></tr>",
        name = web::escape(&service.name),
        level = service.status.as_str(),
        words = words(service.status),
        since = service.since,
        minute = minute(service.since),
    )
}

/// A time as people read it: `2026-11-21 03:57`.
fn minute(at: Time) -> String {
    at.to_string().chars().take(16).map(|letter| if letter == 'T' { ' ' } else { letter }).collect()
}

const fn headline(overall: Level) -> &'static str {
    match overall {
        Level::Operational => "Everything works",
        Level::Maintenance => "Maintenance is under way",
        Level::Degraded => "Some services are slow or make errors",
        Level::PartialOutage => "Some services are partly out",
        Level::MajorOutage => "There is an outage",
    }
}

const fn words(level: Level) -> &'static str {
    match level {
        Level::Operational => "✓ works",
        Level::Maintenance => "⚙ maintenance",
        Level::Degraded => "~ degraded",
        Level::PartialOutage => "◐ partial outage",
        Level::MajorOutage => "✕ outage",
    }
}
