//! Old addresses: a pattern and where it leads, as a 307 or as a rewrite inside.
//!
//! Owns the patterns. Refuses to know what stands behind either address.

use std::str::FromStr;

use axum::body::Body;
use axum::response::Response;
use http::header::LOCATION;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri};

const OLD_WORKSPACE: HeaderName = HeaderName::from_static("x-account-id");
const WORKSPACE: HeaderName = HeaderName::from_static("x-workspace-id");
const REWRITE: &str = "rewrite:";

/// Patterns in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Aliases(Vec<Alias>);

#[derive(Clone, Debug)]
struct Alias {
    from: Vec<Part>,
    to: Vec<Part>,
    rewrite: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Named(String),
    Rest,
}

/// A pattern or a target that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadAlias(String);

impl std::fmt::Display for BadAlias {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadAlias {}

/// What an old address asks for.
pub(super) enum Outcome {
    Untouched(Request<Body>),
    Elsewhere(Response),
}

impl Aliases {
    /// Each pair is a pattern like `/api/documents/{id}/pages/*` and a target with the same names in it;
    /// `rewrite:` before the target keeps the caller unaware.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadAlias> {
        pairs.into_iter().map(|(from, to)| Alias::new(from, to)).collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sends an old address where it leads.
    pub(super) fn follow(&self, mut request: Request<Body>) -> Outcome {
        let Some((alias, path)) =
            self.0.iter().find_map(|alias| alias.target(request.uri().path()).map(|path| (alias, path)))
        else {
            return Outcome::Untouched(request);
        };
        let target = match request.uri().query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        if !alias.rewrite {
            return Outcome::Elsewhere(redirect(&target));
        }
        let Ok(address) = PathAndQuery::from_str(&target) else {
            return Outcome::Untouched(request);
        };
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = Some(address);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        let headers = request.headers_mut();
        if let Some(workspace) = headers.remove(OLD_WORKSPACE)
            && !headers.contains_key(WORKSPACE)
        {
            headers.insert(WORKSPACE, workspace);
        }
        Outcome::Untouched(request)
    }
}

fn redirect(target: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(value) = HeaderValue::from_str(target) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

impl Alias {
    fn new(from: &str, to: &str) -> Result<Self, BadAlias> {
        let (rewrite, to) = to.strip_prefix(REWRITE).map_or((false, to), |to| (true, to));
        let (from, to) = (parts(from)?, parts(to)?);
        if let Some(part) = to.iter().find(|part| !matches!(part, Part::Literal(_)) && !from.contains(part)) {
            return Err(BadAlias(format!("the target uses {part:?}, which the pattern does not have")));
        }
        // A target that begins with what the caller sent could lead to another host (`//evil`).
        if !matches!(to.first(), Some(Part::Literal(first)) if !first.is_empty() || to.len() == 1) {
            return Err(BadAlias("a target begins with a fixed segment, like /api".into()));
        }
        Ok(Self { from, to, rewrite })
    }

    fn target(&self, path: &str) -> Option<String> {
        let path = path.strip_prefix('/')?;
        let mut left = Some(path);
        let mut named: Vec<(&str, &str)> = Vec::new();
        let mut rest = "";
        for part in &self.from {
            if *part == Part::Rest {
                rest = left.take()?;
                break;
            }
            let (segment, after) = match left?.split_once('/') {
                Some((segment, after)) => (segment, Some(after)),
                None => (left?, None),
            };
            left = after;
            match part {
                Part::Literal(text) if text == segment => {}
                Part::Named(name) if !segment.is_empty() => named.push((name, segment)),
                _ => return None,
            }
        }
        if left.is_some() {
            return None;
        }
        let mut target = String::with_capacity(path.len() + 16);
        for part in &self.to {
            target.push('/');
            target.push_str(match part {
                Part::Literal(text) => text,
                Part::Rest => rest,
                Part::Named(name) => named.iter().find(|(known, _)| known == name)?.1,
            });
        }
        Some(target)
    }
}

fn parts(text: &str) -> Result<Vec<Part>, BadAlias> {
    let Some(path) = text.strip_prefix('/') else {
        return Err(BadAlias(format!("{text:?} does not begin with a slash")));
    };
    let segments: Vec<&str> = path.split('/').collect();
    let last = segments.len() - 1;
    let part =
        |(at, segment): (usize, &&str)| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(name) if !name.is_empty() => Ok(Part::Named(name.to_owned())),
            Some(_) => Err(BadAlias(format!("{text:?} has a segment without a name"))),
            None if *segment == "*" && at == last => Ok(Part::Rest),
            None if segment.contains(['*', '{', '}', '?', '#', '\\', ' ']) || !segment.is_ascii() => {
                Err(BadAlias(format!("{text:?} has a segment that cannot be read: {segment:?}")))
            }
            None => Ok(Part::Literal((*segment).to_owned())),
        };
    segments.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(from: &str, to: &str, path: &str) -> Option<String> {
        Alias::new(from, to).unwrap().target(path)
    }

    #[test]
    fn patterns_have_names_and_a_rest() {
        let at = |path| target("/api/documents/*", "/api/v1/documents/*", path);
        assert_eq!(at("/api/documents/a/b"), Some("/api/v1/documents/a/b".into()));
        assert_eq!(at("/api/documents/"), Some("/api/v1/documents/".into()));
        assert_eq!(at("/api/documents"), None);
        assert_eq!(at("/api/documentsx/a"), None);
        let at = |path| target("/v3/{kind}/{id}", "/api/v1/{id}/of/{kind}", path);
        assert_eq!(at("/v3/action/7"), Some("/api/v1/7/of/action".into()));
        assert_eq!(at("/v3/action/7/more"), None);
        assert_eq!(at("/v3//7"), None);
    }

    #[test]
    fn a15_a_target_cannot_lead_to_another_host() {
        for (from, to) in
            [("/*", "/*"), ("/{a}", "/{a}"), ("/a/*", "//evil"), ("/a", "https://evil"), ("/a", "/b/{x}")]
        {
            assert!(Alias::new(from, to).is_err(), "{from} {to}");
        }
    }
}
