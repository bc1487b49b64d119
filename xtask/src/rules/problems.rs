//! Every code that a client may see in a problem is explained in the guide, with the status it comes with.
//!
//! Codes are read off the constructors of `types::Error`, so they have to be literals there.

use std::collections::{BTreeMap, BTreeSet};

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::tree::Source;
use crate::{Finding, Tree};

const PAGE: &str = "docs/guide/problems.md";
/// Makes the errors that others name.
const CONSTRUCTORS: &str = "kernel/types/src/error.rs";
/// The edge answers this one with a status of its own: 431.
const OWN_STATUS: (&str, u16) = ("headers_too_large", 431);

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.sources.iter().find(|source| source.path == PAGE) else { return Vec::new() };
    let explained = explained(&page.text);
    let mut findings = Vec::new();
    let mut used: BTreeSet<(String, u16)> = BTreeSet::new();
    let shipped = tree.rust().filter(|source| !source.is_test());
    for source in shipped.filter(|source| source.under("kernel") || source.under("systems")) {
        for (line, code) in codes(source) {
            let Some((code, status)) = code else {
                let to_do = format!("write it as a literal, so that {PAGE} can be held against it");
                findings.push(Finding::new("problems", &source.path, line, "hides a problem's code", to_do));
                continue;
            };
            if !explained.get(&code).is_some_and(|(_, statuses)| statuses.contains(&status)) {
                let what = format!("`{code}` with status {status} is not explained");
                let to_do = format!("add `### {code}` and the status to {PAGE}");
                findings.push(Finding::new("problems", &source.path, line, what, to_do));
            }
            used.insert((code, status));
        }
    }
    for (code, (line, statuses)) in explained {
        for status in statuses.iter().filter(|status| !used.contains(&(code.clone(), **status))) {
            let what = format!("explains `{code}` with status {status}, which nothing answers");
            findings.push(Finding::new("problems", PAGE, line, what, "take it out"));
        }
    }
    findings
}

/// Each code of the page with its line and statuses: `### code`, and a paragraph that begins `422.` or `503 or 504.`
fn explained(page: &str) -> BTreeMap<String, (usize, BTreeSet<u16>)> {
    let mut all = BTreeMap::new();
    let mut lines = page.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    while let Some((index, line)) = lines.next() {
        if let Some(code) = line.strip_prefix("### ") {
            let first = lines.next().map_or("", |(_, line)| line);
            let statuses = first.split('.').next().unwrap_or_default().split(" or ");
            let statuses = statuses.filter_map(|text| text.trim().parse().ok()).collect();
            all.insert(code.trim().to_owned(), (index + 1, statuses));
        }
    }
    all
}

fn codes(source: &Source) -> Vec<(usize, Option<(String, u16)>)> {
    let Ok(file) = syn::parse_file(&source.text) else { return Vec::new() };
    let mut calls = Calls::default();
    calls.visit_file(&file);
    let inside_tests =
        |line: &usize| source.mentions.tests.iter().any(|(from, to)| (from..=to).contains(&line));
    let mut all = calls.0;
    all.retain(|(line, code)| !inside_tests(line) && (code.is_some() || source.path != CONSTRUCTORS));
    all
}

/// The line of every call of a constructor, with code and status where they can be read.
#[derive(Default)]
struct Calls(Vec<(usize, Option<(String, u16)>)>);

impl<'ast> Visit<'ast> for Calls {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let [.., owner, name] =
                &path.path.segments.iter().map(|one| one.ident.to_string()).collect::<Vec<_>>()[..]
            && (owner == "Error" || owner == "Self")
            && let Some(found) = read(name, call)
        {
            let found = match found {
                Code::Of(code, status) => Some((code, status)),
                Code::Unread => None,
            };
            self.0.push((call.span().start().line, found));
        }
        visit::visit_expr_call(self, call);
    }
}

/// What a call of a constructor says.
enum Code {
    Of(String, u16),
    /// It is not written out in the call.
    Unread,
}

/// `None` when it is no constructor of a problem.
fn read(name: &str, call: &syn::ExprCall) -> Option<Code> {
    let (at, status) = match (name, call.args.len()) {
        ("new", 3) => (1, kind(call.args.first()?)?),
        (_, 2) => (0, shorthand(name)?),
        _ => return None,
    };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(code), .. }) = call.args.iter().nth(at)? else {
        return Some(Code::Unread);
    };
    let code = code.value();
    let status = if code == OWN_STATUS.0 { OWN_STATUS.1 } else { status };
    Some(Code::Of(code, status))
}

fn shorthand(name: &str) -> Option<u16> {
    Some(match name {
        "malformed" => 400,
        "unauthenticated" => 401,
        "forbidden" => 403,
        "conflict" => 409,
        "invalid" => 422,
        "upstream" => 502,
        "unavailable" => 503,
        _ => return None,
    })
}

/// The status of `Kind::X`, as kernel/web/src/problem.rs gives it.
fn kind(argument: &syn::Expr) -> Option<u16> {
    let syn::Expr::Path(path) = argument else { return None };
    let [.., owner, name] =
        &path.path.segments.iter().map(|one| one.ident.to_string()).collect::<Vec<_>>()[..]
    else {
        return None;
    };
    if owner != "Kind" {
        return None;
    }
    Some(match name.as_str() {
        "Malformed" => 400,
        "Unauthenticated" => 401,
        "Forbidden" => 403,
        "NotFound" => 404,
        "MethodNotAllowed" => 405,
        "Conflict" => 409,
        "Gone" => 410,
        "Stale" => 412,
        "TooLarge" => 413,
        "Unsupported" => 415,
        "Invalid" => 422,
        "UpgradeRequired" => 426,
        "TooMany" => 429,
        "Internal" => 500,
        "Upstream" => 502,
        "Unavailable" => 503,
        "Timeout" => 504,
        "NoSpace" => 507,
        _ => return None,
    })
}
