//! stub
use axum::response::{IntoResponse, Response};
#[derive(Debug)]
pub struct Problem(pub types::Error);
impl From<types::Error> for Problem {
    fn from(e: types::Error) -> Self {
        Self(e)
    }
}
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
pub type Result<T, E = Problem> = std::result::Result<T, E>;
