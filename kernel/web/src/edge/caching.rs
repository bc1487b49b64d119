//! `Cache-Control` where the handler said nothing: nothing is kept, or kept only to be asked about again.

use http::header::{CACHE_CONTROL, ETAG, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Gives every response a rule. A response that sets a cookie is kept by nobody, whatever the handler said.
pub(super) fn apply(status: StatusCode, headers: &mut HeaderMap) {
    let rule = if headers.contains_key(SET_COOKIE) {
        "no-store"
    } else if headers.contains_key(CACHE_CONTROL) {
        return;
    } else if headers.contains_key(ETAG) && (status.is_success() || status == StatusCode::NOT_MODIFIED) {
        "private, no-cache"
    } else {
        "no-store"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(rule));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(status: u16, sent: &[(&'static str, &'static str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        apply(StatusCode::from_u16(status).unwrap(), &mut headers);
        headers[CACHE_CONTROL].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_cookie_is_never_kept_and_a_tag_may_be_asked_about() {
        assert_eq!(rule(200, &[]), "no-store");
        assert_eq!(rule(200, &[("etag", "\"1\"")]), "private, no-cache");
        assert_eq!(rule(412, &[("etag", "\"1\"")]), "no-store");
        assert_eq!(rule(200, &[("cache-control", "public, max-age=30")]), "public, max-age=30");
        assert_eq!(rule(200, &[("cache-control", "public, max-age=30"), ("set-cookie", "a=b")]), "no-store");
    }
}
