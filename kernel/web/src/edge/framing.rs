//! What every request must be before anybody looks at what it wants: a known method, one host, headers that
//! cannot be read in two ways, and not too many of them.
//!
//! hyper refuses what it cannot parse; this refuses what two programs could parse differently.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version};
use types::{Error, Kind};

use super::client::Peer;
use super::redact::percent_decoded;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
const MAX_PARAMETERS: usize = 100;

/// Headers that mean something else when there are two.
const SINGLE: [HeaderName; 9] = [
    HOST,
    AUTHORIZATION,
    CONTENT_TYPE,
    CONTENT_LENGTH,
    ORIGIN,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-csrf-token"),
    HeaderName::from_static("x-workspace-id"),
    HeaderName::from_static("idempotency-key"),
];

/// Why a request goes no further.
pub(super) enum Refusal {
    /// 431, which no kind of error has.
    HeadersTooLarge(Error),
    Other(Error),
}

/// The first thing that is wrong with the request.
pub(super) fn check(request: &Request<Body>, max_bytes: usize, max_count: usize) -> Result<(), Refusal> {
    size(request, max_bytes, max_count).map_err(Refusal::HeadersTooLarge)?;
    method(request.method())
        .and_then(|()| host(request))
        .and_then(|()| once(request.headers()))
        .and_then(|()| coding(request.headers()))
        .and_then(|()| parameters(request.uri().query().unwrap_or("")))
        .map_err(Refusal::Other)
}

fn size(request: &Request<Body>, max_bytes: usize, max_count: usize) -> types::Result<()> {
    let headers = request.headers();
    let refuse = |limit: &str, most: usize| {
        let text = format!(
            "The headers pass the limit of {most} {}.",
            if limit == "header_bytes" { "bytes" } else { "headers" }
        );
        Err(Error::new(Kind::TooLarge, "headers_too_large", text).with("limit", limit).with(limit, most))
    };
    if headers.len() > max_count {
        return refuse("header_count", max_count);
    }
    let address = request.uri().path_and_query().map_or(0, |text| text.as_str().len());
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes + address > max_bytes {
        return refuse("header_bytes", max_bytes);
    }
    Ok(())
}

/// Override headers are never looked at: the method is the one on the request line (A43).
fn method(method: &Method) -> types::Result<()> {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => Ok(()),
        _ => Err(Error::new(
            Kind::MethodNotAllowed,
            "method_not_allowed",
            "No address here takes this method.",
        )),
    }
}

fn host(request: &Request<Body>) -> types::Result<()> {
    let sent = request.headers().get(HOST);
    let good = match (request.version(), sent) {
        (Version::HTTP_2, None) => request.uri().authority().is_some(),
        (Version::HTTP_10, None) => true,
        // Only what came over a socket has to say so; a call inside the process has no host.
        (_, None) => request.extensions().get::<Peer>().is_none(),
        (_, Some(host)) => is_authority(host.as_bytes()),
    };
    if good {
        Ok(())
    } else {
        Err(Error::malformed("bad_host", "The Host header is missing or is not a host."))
    }
}

fn is_authority(host: &[u8]) -> bool {
    !host.is_empty()
        && host.len() <= 255
        && host
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

fn once(headers: &HeaderMap) -> types::Result<()> {
    for name in &SINGLE {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(Error::malformed(
                "duplicate_header",
                format!("There is more than one {name} header."),
            ));
        }
    }
    Ok(())
}

/// hyper accepts every coding whose last word is `chunked`; the others we could not undo.
fn coding(headers: &HeaderMap) -> types::Result<()> {
    let mut sent = headers.get_all(TRANSFER_ENCODING).iter();
    match (sent.next(), sent.next()) {
        (None, _) => Ok(()),
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Error::malformed("bad_transfer_encoding", "The only transfer coding is chunked, once.")),
    }
}

/// Two parameters of one name are two meanings (A42).
fn parameters(query: &str) -> types::Result<()> {
    if query.is_empty() {
        return Ok(());
    }
    let names = query.split('&').filter(|pair| !pair.is_empty());
    let mut names: Vec<_> = names.map(|pair| percent_decoded(pair.split('=').next().unwrap_or(""))).collect();
    if names.len() > MAX_PARAMETERS {
        let text = format!("There are more than {MAX_PARAMETERS} parameters.");
        return Err(Error::malformed("too_many_parameters", text).with("limit", "parameters"));
    }
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => {
            let name = String::from_utf8_lossy(&pair[0]).into_owned();
            Err(Error::malformed("duplicate_parameter", "A parameter is given more than once.").at_field(
                name,
                "duplicate",
                "must be given once",
            ))
        }
    }
}

/// The methods of every address, for a method of none.
pub(super) fn allow_all(response: &mut Response) {
    response.headers_mut().insert(ALLOW, METHODS);
}

/// A router answers OPTIONS with 405 and the list; the list is the answer.
pub(super) fn answer_options(method: &Method, mut response: Response) -> Response {
    if method != Method::OPTIONS || response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers().get(ALLOW).and_then(|v| v.to_str().ok()).unwrap_or("");
    let listed: Vec<&str> =
        allow.split(',').map(str::trim).filter(|m| !m.is_empty() && *m != "OPTIONS").collect();
    let allow = listed.into_iter().chain(["OPTIONS"]).collect::<Vec<_>>().join(", ");
    let value = HeaderValue::from_str(&allow).unwrap_or(METHODS);
    response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a42_a_parameter_may_be_given_once_however_it_is_spelt() {
        assert!(parameters("page=1&page_size=2&&q=a%26b").is_ok());
        for twice in ["page=1&page=2", "page=1&%70age=2", "page&page", "a%20b=1&a+b=2"] {
            assert_eq!(parameters(twice).unwrap_err().code(), "duplicate_parameter", "{twice}");
        }
        let many: Vec<String> = (0..101).map(|n| format!("p{n}=1")).collect();
        assert_eq!(parameters(&many.join("&")).unwrap_err().code(), "too_many_parameters");
    }
}
