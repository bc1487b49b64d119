//! What a request brings along, read strictly: JSON bodies, forms, and ids in the address.

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use types::{Error, Kind, Result};

use crate::problem::Problem;

/// A JSON body. Also reads `application/merge-patch+json`, which is what a PATCH is.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// A form body, for sign-in.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

/// Pieces of the address. What is no id of the right kind names nothing: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        expect(request.headers(), &["application/json", "application/merge-patch+json"])?;
        let bytes = bytes(request, state).await?;
        Ok(Self(read_json(&bytes)?))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        expect(request.headers(), &["application/x-www-form-urlencoded"])?;
        let bytes = bytes(request, state).await?;
        read_form(&bytes).map(Self).map_err(Into::into)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Error::not_found().into()),
        }
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state)
        .await
        .map_err(|_| Error::malformed("bad_body", "The body could not be read to its end."))
}

/// Reads JSON, telling text that is no JSON (400) from JSON that does not fit (422), and where.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // A struct would take an array for its fields in their order, and an empty one for a patch of nothing.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Error::invalid("invalid", "Some fields are not valid.").at_field(
            "",
            "invalid",
            "must be an object, not an array",
        ));
    }
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let path = pointer(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            return unfit(path, without_position(&inner.to_string()));
        }
        // An enum that meets a number calls it a syntax error, though the text is JSON.
        if serde_json::from_slice::<serde_json::Value>(bytes).is_ok() {
            return unfit(path, "is not of the right kind".to_owned());
        }
        Error::malformed("bad_json", "The body is not valid JSON.")
            .with("line", inner.line())
            .with("column", inner.column())
    })?;
    from.end().map_err(|_| Error::malformed("bad_json", "Something follows the JSON body."))?;
    Ok(value)
}

fn unfit(path: String, message: String) -> Error {
    let code = if message.starts_with("unknown field") { "unknown_field" } else { "invalid" };
    Error::invalid("invalid", "Some fields are not valid.").at_field(path, code, message)
}

fn read_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut seen = std::collections::HashSet::new();
    for pair in bytes.split(|byte| *byte == b'&') {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        if !name.is_empty() && !seen.insert(name) {
            return Err(Error::malformed("repeated_field", "A field of the form was sent twice."));
        }
    }
    serde_urlencoded::from_bytes(bytes).map_err(|error| {
        Error::invalid("invalid", "Some fields are not valid.").at_field("", "invalid", error.to_string())
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
}

fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(front, _)| front).to_owned()
}

fn expect(headers: &HeaderMap, accepted: &[&str]) -> Result<()> {
    let found = media_type(headers);
    if accepted.contains(&found.as_str()) {
        return Ok(());
    }
    Err(Error::new(Kind::Unsupported, "unsupported_media_type", format!("Send {}.", accepted.join(" or "))))
}

/// The media type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct In {
        #[allow(dead_code)]
        name: String,
    }

    #[derive(serde::Deserialize, Debug)]
    #[allow(dead_code)]
    enum Level {
        Low,
    }

    fn refusal(text: &str) -> Option<(&'static str, Kind)> {
        read_json::<In>(text.as_bytes()).err().map(|error| (error.code(), error.kind()))
    }

    #[test]
    fn a29_json_is_read_strictly() {
        assert_eq!(refusal(r#"{"name":"x"}"#), None);
        for text in ["", "{", r#"{"name":"x"} x"#, r#"{"name":"\ud800"}"#, r#"{"name":NaN}"#] {
            assert_eq!(refusal(text).map(|found| found.1), Some(Kind::Malformed), "{text:.20}");
        }
        for text in [
            &"[".repeat(100_000),
            r#"{"name":1}"#,
            r#"{"name":"x","name":"y"}"#,
            "[]",
            " [\"x\"]",
            "null",
            r#"{"name":"x","role":"owner"}"#,
        ] {
            assert_eq!(refusal(text).map(|found| found.1), Some(Kind::Invalid), "{text}");
        }
        assert!(read_json::<In>(b"{\"name\":\"\xff\"}").is_err());
    }

    #[test]
    fn a04_an_unknown_field_is_named() {
        let error = read_json::<In>(br#"{"name":"x","tenant_id":1}"#).err();
        let fields = error.as_ref().map(Error::fields).unwrap_or_default();
        assert_eq!(fields.len(), 1);
        assert_eq!((fields[0].path.as_str(), fields[0].code), ("/tenant_id", "unknown_field"));
    }

    #[test]
    fn a42_a_form_field_is_sent_once() {
        #[derive(serde::Deserialize, Debug)]
        struct Sent {
            a: String,
        }
        assert_eq!(read_form::<Sent>(b"a=1").map(|sent| sent.a).ok().as_deref(), Some("1"));
        assert_eq!(read_form::<Sent>(b"a=1&a=2").err().map(|error| error.code()), Some("repeated_field"));
    }
}
