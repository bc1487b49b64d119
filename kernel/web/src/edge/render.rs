//! The last word on errors: whatever a handler or the router left unsaid becomes a problem here.
//!
//! Owns that no error page of a library gets out (A44).

use axum::response::Response;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use types::{Error, Kind, Trace};

use crate::problem::{self, Unwritten};

/// Writes the problem of a response that has one to write.
pub(super) fn finish(response: &mut Response, trace: &Trace) {
    let status = response.status();
    if let Some(Unwritten(error)) = response.extensions_mut().remove::<Unwritten>() {
        problem::write(&error, trace, status, response);
    } else if (status.is_client_error() || status.is_server_error()) && is_plain(response) {
        problem::write(&plain(status), trace, status, response);
    }
}

/// Pages and problems were meant; text and nothing are a library's.
fn is_plain(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn plain(status: StatusCode) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Error::new(
            Kind::MethodNotAllowed,
            "method_not_allowed",
            "This address does not take this method.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            Error::new(Kind::TooLarge, "body_too_large", "The body is too large.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Error::new(Kind::Unsupported, "unsupported_media_type", "Nobody here reads this media type.")
        }
        StatusCode::UNPROCESSABLE_ENTITY => Error::invalid("invalid", "The request is not valid."),
        StatusCode::SERVICE_UNAVAILABLE => Error::unavailable("unavailable", "Not now; try again."),
        status if status.is_server_error() => {
            Error::internal(format!("a handler answered {status} and said nothing"))
        }
        _ => Error::malformed("malformed", "The request cannot be read."),
    }
}
