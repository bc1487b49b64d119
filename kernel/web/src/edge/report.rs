//! What browsers report about our pages: counted by directive, and forgotten.
//!
//! Refuses to keep any address of a report: a report is written by whoever likes to write one.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use http::Request;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::limits::Limits;

const MAX_BYTES: usize = 64 * 1024;
/// Reports counted of one body; a browser sends a handful.
const MAX_REPORTS: usize = 100;

/// Names that may become a label. Everything else is `other`, so that nobody can grow the metrics.
const DIRECTIVES: [&str; 21] = [
    "base-uri",
    "child-src",
    "connect-src",
    "default-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "worker-src",
];

/// The acknowledgement of a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecurityReportOut {
    /// Always `ok`: a browser can do nothing about anything else.
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Takes what browsers report about a violated policy, in the old format (`application/csp-report`) and the
/// new one (`application/reports+json`). Reports are counted by directive; nothing else of them is kept.
#[utoipa::path(
    post,
    path = "/api/v1/security/report",
    operation_id = "create_security_report",
    tag = "security",
    request_body(
        description = "A report or a list of reports, at most 64 KiB.",
        content((Value = "application/csp-report"), (Value = "application/reports+json"))
    ),
    responses(
        (status = 200, description = "Taken, readable or not.", body = SecurityReportOut),
        (status = 413, description = "Larger than 64 KiB.", content_type = "application/problem+json"),
    )
)]
pub async fn create_security_report(request: Request<Body>) -> Response {
    Limits::of(request.extensions()).set_body(MAX_BYTES as u64);
    match to_bytes(request.into_body(), MAX_BYTES).await {
        Ok(body) => count(&serde_json::from_slice(&body).unwrap_or(Value::Null)),
        Err(_) => return http::StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
    Json(SecurityReportOut { status: "ok" }).into_response()
}

fn count(body: &Value) {
    match body {
        Value::Array(reports) => reports.iter().take(MAX_REPORTS).for_each(count_one),
        one => count_one(one),
    }
}

fn count_one(report: &Value) {
    metrics::counter!("csp_reports_total", "directive" => directive(report)).increment(1);
}

fn directive(report: &Value) -> &'static str {
    let body = report.get("csp-report").or_else(|| report.get("body")).unwrap_or(&Value::Null);
    let text = ["effective-directive", "effectiveDirective", "violated-directive", "violatedDirective"]
        .into_iter()
        .find_map(|name| body.get(name).and_then(Value::as_str))
        .and_then(|text| text.split_whitespace().next())
        .unwrap_or("");
    DIRECTIVES.into_iter().find(|known| *known == text).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_name_a_directive_and_nobody_can_invent_one() {
        let of = |text: &str| directive(&serde_json::from_str(text).unwrap());
        assert_eq!(of(r#"{"csp-report":{"violated-directive":"script-src 'self'"}}"#), "script-src");
        assert_eq!(
            of(r#"{"type":"csp-violation","body":{"effectiveDirective":"style-src-elem"}}"#),
            "style-src-elem"
        );
        for odd in
            ["null", "[]", "3", r#"{"csp-report":{"effective-directive":"evil{}\n"}}"#, r#"{"body":7}"#]
        {
            assert_eq!(of(odd), "other", "{odd}");
        }
    }
}
