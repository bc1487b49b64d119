//! `/docs/problems/{code}`: what a problem's `type` points at. Always on: it is the public page of the guide.

use axum::extract::Path;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use types::Error;

use crate::page::{escape, page};
use crate::problem::Problem;

const GUIDE: &str = include_str!("../../../docs/guide/problems.md");

pub(crate) async fn show(Path(code): Path<String>) -> Response {
    let Some(text) = explanation(&code) else { return Problem(Error::not_found()).into_response() };
    let body = format!("<h1>{}</h1>{}", escape(&code), paragraphs(text));
    let mut response = page(StatusCode::OK, &code, &body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// What the guide says under the heading of this code.
fn explanation(code: &str) -> Option<&'static str> {
    GUIDE.split("\n### ").skip(1).find_map(|part| {
        let (name, text) = part.split_once('\n')?;
        let text = text.split("\n## ").next().unwrap_or(text);
        (name == code).then_some(text.trim())
    })
}

/// The guide writes plain paragraphs with code in backticks; nothing else of Markdown is read.
fn paragraphs(text: &str) -> String {
    text.split("\n\n").fold(String::new(), |mut html, paragraph| {
        html.push_str("<p>");
        for (n, piece) in paragraph.split('`').enumerate() {
            let piece = escape(piece);
            if n % 2 == 1 {
                html.extend(["<code>", &piece, "</code>"]);
            } else {
                html.push_str(&piece);
            }
        }
        html.push_str("</p>");
        html
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_own_text_and_no_other() {
        let text = explanation("stale").unwrap_or_default();
        assert!(text.starts_with("412. ") && !text.contains("###") && !text.contains("## "), "{text}");
        for unknown in ["", "nothing", "stale\n", "## Not valid", "Stale"] {
            assert_eq!(explanation(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a23_only_backticks_become_markup() {
        assert_eq!(paragraphs("a `<b>` <c>\n\nd"), "<p>a <code>&lt;b&gt;</code> &lt;c&gt;</p><p>d</p>");
    }
}
