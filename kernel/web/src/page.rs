//! Plain pages: HTML without script, one style sheet, nothing from elsewhere.
//!
//! For what has to work before, or without, the console: first run, the public status, what this address is.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::edge::page_policy_header;

const STYLE: &str = include_str!("page.css");
const LINK: &str = include_str!("link.js");

/// A whole page. `body` is HTML: whatever came from outside went through [`escape`].
pub fn page(status: StatusCode, title: &str, body: &str) -> Response {
    page_with(status, title, body, "style-src 'self'; form-action 'self'; img-src 'self'")
}

/// A page that a mailed link leads to: the same, with one small script of ours that moves what stands behind `#` into the
/// field `token`. Without it the field is filled in by hand.
pub fn page_of_link(status: StatusCode, title: &str, body: &str) -> Response {
    let body = format!("{body}\n<script src=\"/assets/link.js\"></script>");
    page_with(status, title, &body, "style-src 'self'; form-action 'self'; img-src 'self'; script-src 'self'")
}

/// The same, with a policy of its own.
pub(crate) fn page_with(status: StatusCode, title: &str, body: &str, allowed: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"/assets/page.css\"></head><body><main>{body}</main></body></html>\n"
    );
    let policy = page_policy_header(allowed);
    let mut response =
        (status, [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")], html)
            .into_response();
    response.headers_mut().insert(policy.0, policy.1);
    response
}

/// Text as it may stand in HTML, in an attribute too.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut html, letter| {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
        html
    })
}

pub(crate) async fn link_script() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    (headers, LINK)
}

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")], STYLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a23_text_cannot_become_markup() {
        assert_eq!(escape("<b a='x' c=\"y\">&"), "&lt;b a=&#39;x&#39; c=&quot;y&quot;&gt;&amp;");
    }
}
