//! The OpenAPI document: what the handlers say of themselves, and what is true of every operation.

use serde_json::{Map, Value, json};
use types::{Error, Result};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::access::{Access, AccessTable, Fresh, Rule};
use crate::app::App;
use crate::system::System;

/// What the handlers of all systems say of themselves.
pub(crate) fn document(systems: &[System]) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Mainstay")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("The backend a small organisation stands on."))
        .license(Some(utoipa::openapi::LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build();
    let base = OpenApiBuilder::new().info(info).build();
    systems
        .iter()
        .fold(OpenApiRouter::<App>::with_openapi(base), |router, system| router.merge((system.routes)()))
        .into_openapi()
}

/// The finished document of these systems, where there is no installation to ask.
pub fn api_document(systems: &[System]) -> Result<Value> {
    let systems = &[&[crate::system()], systems].concat();
    let document = document(systems);
    let access =
        AccessTable::build(&document, systems.iter().flat_map(|system| system.access.iter().copied()))?;
    finish(document, &access, systems)
}

/// Adds what no handler has to repeat: credentials, shared headers, and every refusal an operation may answer.
pub(crate) fn finish(document: OpenApi, access: &AccessTable, systems: &[System]) -> Result<Value> {
    let mut document = serde_json::to_value(document).map_err(Error::internal)?;
    for (path, method, entry) in access.entries() {
        let pointer = format!(
            "/paths/{}/{}",
            path.replace('~', "~0").replace('/', "~1"),
            method.as_str().to_lowercase()
        );
        if let Some(Value::Object(operation)) = document.pointer_mut(&pointer) {
            complete(operation, path, method, entry);
        }
    }
    let prefixes: Map<String, Value> = systems
        .iter()
        .flat_map(|system| system.ids)
        .map(|(prefix, noun)| ((*prefix).to_owned(), json!(noun)))
        .collect();
    document["x-id-prefixes"] = Value::Object(prefixes);
    let components = &mut document["components"];
    components["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer", "description": "An access token from POST /api/v1/auth/token."},
        "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "`prefix.secret`, from POST /api/v1/auth/api-keys."},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-mainstay", "description": "Of a browser, from POST /api/v1/auth/session."},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "With the cookie, on everything that changes something."},
    });
    components["schemas"]["Problem"] = problem_schema();
    components["responses"]["Problem"] = json!({
        "description": "A refusal, as RFC 9457 describes it.",
        "content": problem_content(),
    });
    Ok(document)
}

fn problem_content() -> Value {
    json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}})
}

fn complete(operation: &mut Map<String, Value>, path: &str, method: &http::Method, entry: Access) {
    let writes = *method != http::Method::GET;
    let cookie = if writes { json!({"cookie": [], "csrf": []}) } else { json!({"cookie": []}) };
    let signed_in = json!([{"bearer": []}, {"api_key": []}, cookie]);
    let (security, rule) = match entry.rule {
        Rule::Anyone => (json!([]), json!("anyone")),
        Rule::Open(permission) => (
            json!([{}, {"bearer": []}, {"api_key": []}, cookie]),
            json!(format!("anyone, or {}", permission.as_str())),
        ),
        Rule::SignedIn => (signed_in, json!("signed in")),
        Rule::Workspace(permission) => (signed_in, json!(permission.as_str())),
        Rule::Installation(permission) => (signed_in, json!(format!("installation {}", permission.as_str()))),
    };
    operation.insert("security".into(), security);
    operation.insert("x-access".into(), rule);
    if entry.fresh != Fresh::Any {
        operation.insert("x-step-up".into(), json!(true));
    }
    parameters(operation, writes, entry);
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        // A handler says why it refuses; how is the same everywhere.
        if status.starts_with(['4', '5']) && response.get("$ref").is_none() {
            response["content"] = problem_content();
        }
    }
    for status in refusals(path, writes, entry) {
        if responses.get(status).is_none() {
            responses[status] = json!({"$ref": "#/components/responses/Problem"});
        }
    }
    if !writes && entry.rule != Rule::Anyone {
        responses["304"] = json!({"description": "The caller holds it already; the tag and no body."});
    }
}

/// What the request itself may answer before or after the handler: the edge, the gate, the commit.
fn refusals(path: &str, writes: bool, entry: Access) -> Vec<&'static str> {
    // 415 on reads too: a body with a Content-Encoding is refused whatever it was for.
    let mut all = vec!["400", "415", "429", "431", "500", "503", "504"];
    if entry.rule != Rule::Anyone {
        all.extend(["401", "403"]);
    }
    if path.contains('{') {
        all.push("404");
    }
    if writes {
        all.extend(["409", "413", "422", "507"]);
    }
    if writes && entry.rule != Rule::Anyone {
        all.push("412");
    }
    all
}

fn parameters(operation: &mut Map<String, Value>, writes: bool, entry: Access) {
    let mut headers = Vec::new();
    if entry.rule != Rule::Anyone {
        headers.push((
            "X-Workspace-Id",
            "The workspace, by id or slug. Without it the caller's default.",
            64,
        ));
    }
    if writes && entry.kept {
        headers.push((
            "Idempotency-Key",
            "Makes a retry safe: the same key and request get the same answer.",
            255,
        ));
    }
    if writes && entry.rule != Rule::Anyone {
        headers.push((
            "If-Match",
            "Refuses the change with 412 when the thing is not at this version.",
            1024,
        ));
    }
    if !writes && entry.rule != Rule::Anyone {
        headers.push(("If-None-Match", "Answers 304 when the caller holds this version already.", 1024));
    }
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Value::Array(list) = parameters {
        list.extend(headers.into_iter().map(|(name, description, longest)| {
            json!({"name": name, "in": "header", "required": false, "description": description,
                   "schema": {"type": "string", "minLength": 1, "maxLength": longest}})
        }));
    }
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "description": "Where the code is explained."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "description": "Stable; what a program should look at."},
            "request_id": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["path", "message", "code"],
                    "properties": {
                        "path": {"type": "string"}, "message": {"type": "string"}, "code": {"type": "string"},
                    },
                },
            },
        },
    })
}
