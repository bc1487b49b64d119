//! The OpenAPI document itself: whole, and telling the rule of every operation.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::systems;

fn document() -> Value {
    web::api_document(&systems::all()).unwrap()
}

/// What is wrong with a document; empty is good.
fn mistakes(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if document["openapi"].as_str().is_none_or(|version| !version.starts_with("3.1.")) {
        found.push("is not OpenAPI 3.1".to_owned());
    }
    references(document, document, &mut found);
    let mut ids = HashSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let at = format!("{method} {path}");
            match operation["operationId"].as_str() {
                Some(id) if ids.insert(id.to_owned()) => {}
                Some(id) => found.push(format!("{at}: the operation id {id} is there twice")),
                None => found.push(format!("{at}: no operation id")),
            }
            if operation["x-access"].as_str().is_none_or(str::is_empty) {
                found.push(format!("{at}: no x-access"));
            }
            if operation["summary"].as_str().is_none_or(str::is_empty) {
                found.push(format!("{at}: no summary"));
            }
            parameters(path, &at, operation, &mut found);
            responses(document, &at, operation, &mut found);
        }
    }
    found
}

fn references(whole: &Value, part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(members) => {
            if let Some(at) = members.get("$ref").and_then(Value::as_str)
                && at.strip_prefix('#').and_then(|pointer| whole.pointer(pointer)).is_none()
            {
                found.push(format!("{at} leads nowhere"));
            }
            members.values().for_each(|member| references(whole, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(whole, item, found)),
        _ => {}
    }
}

fn parameters(path: &str, at: &str, operation: &Value, found: &mut Vec<String>) {
    let mut seen = HashSet::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, place) =
            (parameter["name"].as_str().unwrap_or(""), parameter["in"].as_str().unwrap_or(""));
        if !seen.insert((name.to_lowercase(), place)) {
            found.push(format!("{at}: the parameter {name} is there twice"));
        }
        if parameter["description"].as_str().is_none_or(str::is_empty) {
            found.push(format!("{at}: the parameter {name} has no description"));
        }
        if place == "path" && !path.contains(&format!("{{{name}}}")) {
            found.push(format!("{at}: the parameter {name} is not in the address"));
        }
    }
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        if !seen.contains(&(name.to_lowercase(), "path")) {
            found.push(format!("{at}: the parameter {name} of the address is not described"));
        }
    }
}

fn responses(document: &Value, at: &str, operation: &Value, found: &mut Vec<String>) {
    let all = operation["responses"].as_object();
    if all.is_none_or(|all| {
        !all.keys().any(|status| status.starts_with('2') || status == "101" || status == "302")
    }) {
        found.push(format!("{at}: nothing is said of success"));
    }
    for (status, response) in all.into_iter().flatten() {
        let response = crate::house::resolved(document, response);
        if response["description"].as_str().is_none_or(str::is_empty) {
            found.push(format!("{at}: {status} has no description"));
        }
        let refusal = status.starts_with('4') || status.starts_with('5');
        if refusal && response["content"].get("application/problem+json").is_none() {
            found.push(format!("{at}: {status} is no problem document"));
        }
    }
}

#[test]
fn p14_the_document_is_whole() {
    assert_eq!(mistakes(&document()), Vec::<String>::new());
}

/// Each of these mistakes, planted alone, is found.
#[test]
fn p14_the_test_of_the_document_can_fail() {
    type Plant = fn(&mut Value);
    let plants: [(&str, Plant); 7] = [
        ("OpenAPI 3.1", |document| document["openapi"] = json!("3.0.3")),
        ("leads nowhere", |document| {
            document["components"]["schemas"]["Problem"] = json!({"$ref": "#/nothing"});
        }),
        ("is there twice", |document| {
            document["paths"]["/api/v1/status"]["get"]["operationId"] = json!("get_me");
        }),
        ("no x-access", |document| {
            document["paths"]["/api/v1/status"]["get"].as_object_mut().unwrap().remove("x-access");
        }),
        ("has no description", |document| {
            document["paths"]["/api/v1/status"]["get"]["responses"]["200"]["description"] = json!("");
        }),
        ("nothing is said of success", |document| {
            document["paths"]["/api/v1/status"]["get"]["responses"].as_object_mut().unwrap().remove("200");
        }),
        ("is not described", |document| {
            document["paths"]["/api/v1/status/events/{id}"]["get"]["parameters"] = json!([]);
        }),
    ];
    for (expected, plant) in plants {
        let mut document = document();
        plant(&mut document);
        let found = mistakes(&document);
        assert!(found.iter().any(|mistake| mistake.contains(expected)), "{expected}: {found:?}");
    }
}

/// A body with members that nobody asked for must not fit any schema of a request (A04).
#[test]
fn a04_every_body_that_is_taken_is_closed() {
    let document = document();
    let mut open = Vec::new();
    for item in document["paths"].as_object().into_iter().flatten().map(|(_, item)| item) {
        for operation in item.as_object().into_iter().flatten().map(|(_, operation)| operation) {
            let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") else {
                continue;
            };
            if crate::house::resolved(&document, schema)["additionalProperties"] != json!(false) {
                open.push(operation["operationId"].clone());
            }
        }
    }
    // Settings have the names of the sections; each name is checked by its section.
    open.retain(|id| id != "update_settings");
    assert!(open.is_empty(), "{open:?}");
}
