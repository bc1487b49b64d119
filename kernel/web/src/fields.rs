//! `fields=id,name`: of each thing only what was asked for.

use query::Params;
use serde_json::Value;
use types::{Error, Result};

/// The names that were asked for, if any were.
pub(crate) fn asked(query: &str) -> Result<Option<Vec<String>>> {
    if !query.contains("fields") {
        return Ok(None);
    }
    let params = Params::parse(query)?;
    let Some(text) = params.get("fields") else { return Ok(None) };
    let names: Vec<_> = text.split(',').map(str::to_owned).collect();
    if names.len() > 100 || names.iter().any(String::is_empty) {
        return Err(bad("must be names of fields, separated by commas"));
    }
    Ok(Some(names))
}

/// Takes everything else out of a thing, or out of every thing on a page.
pub(crate) fn keep(mut value: Value, names: &[String]) -> Result<Value> {
    if let Some(Value::Array(items)) = value.get_mut("items") {
        for item in items {
            keep_in(item, names)?;
        }
    } else {
        keep_in(&mut value, names)?;
    }
    Ok(value)
}

fn keep_in(thing: &mut Value, names: &[String]) -> Result<()> {
    let Value::Object(members) = thing else { return Ok(()) };
    if let Some(unknown) = names.iter().find(|name| !members.contains_key(*name)) {
        let known: Vec<_> = members.keys().map(String::as_str).collect();
        return Err(bad(&format!("{unknown} is not a field; these are: {}", known.join(", "))));
    }
    members.retain(|name, _| names.contains(name));
    Ok(())
}

fn bad(message: &str) -> Error {
    Error::malformed("bad_parameter", "A parameter of the query string is not valid.").at_field(
        "fields",
        "bad_fields",
        message,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_asked_for_remains() -> Result<()> {
        let names = asked("page=1&fields=id,name")?.unwrap_or_default();
        let page = json!({"items": [{"id": 1, "name": "a", "more": 2}], "total": 1});
        assert_eq!(keep(page, &names)?, json!({"items": [{"id": 1, "name": "a"}], "total": 1}));
        assert_eq!(keep(json!({"id": 1, "name": "a", "more": 2}), &names)?, json!({"id": 1, "name": "a"}));
        assert!(keep(json!({"id": 1}), &names).is_err());
        assert!(asked("fields=").is_err() && asked("fields=a,,b").is_err());
        assert_eq!(asked("fieldsx=a")?, None);
        Ok(())
    }
}
