//! The pages of the guide that are made from the code: `cargo xtask generate` writes what this prints.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use telemetry::metrics::Shape;
use web::{Access, Fresh, PermissionInfo, Rank, Realm, Rule, System, Tier};

use super::{Exit, Failed, Out};

#[derive(Debug, clap::Args)]
pub(crate) struct Reference {
    page: Page,
}

/// Each is a file of the same name in docs/guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Page {
    Settings,
    Permissions,
    Metrics,
    Ids,
}

const MADE: &str = "This page is made from the code: `cargo xtask generate`.";

pub(crate) fn run(args: &Reference, out: &Out) -> Result<Exit, Failed> {
    out.print(&page(args.page)?);
    Ok(Exit::Ok)
}

fn page(page: Page) -> Result<String, Failed> {
    let systems = crate::systems::all();
    Ok(match page {
        Page::Settings => config::reference_markdown(&crate::systems::sections()),
        Page::Permissions => permissions(&systems)?,
        Page::Metrics => metrics(&systems),
        Page::Ids => ids(&systems),
    })
}

fn permissions(systems: &[System]) -> Result<String, Failed> {
    let mut text = format!(
        "# Permissions, and who may call what\n\n{MADE}\n\n\
         ## Roles and permissions\n\n\
         A permission counts in one workspace or over the whole installation. Those of a workspace belong to its roles: an owner \
         has what an admin has, an admin what a member has, a member what a viewer has. A workspace can make roles of its own \
         ([roles](roles.md)). `manage` of something includes its `write`, and `write` its `read`. Those over the installation \
         belong to its administrators. An API key has what it was given, and never more than the person who made it has at that \
         moment.\n\n\
         | permission | meaning | viewer | member | admin | owner |\n|---|---|---|---|---|---|\n"
    );
    let all = || systems.iter().flat_map(|system| system.permissions);
    for (info, least) in all().filter_map(|info| Some((info, rank(info)?))) {
        let _ = write!(text, "| `{}` | {} |", info.permission.as_str(), info.meaning);
        for role in [Rank::Viewer, Rank::Member, Rank::Admin, Rank::Owner] {
            text.push_str(if least <= role { " yes |" } else { " |" });
        }
        text.push('\n');
    }
    text.push_str("\n## Over the installation\n\n| permission | meaning |\n|---|---|\n");
    for info in all().filter(|info| rank(info).is_none()) {
        let _ = writeln!(text, "| `{}` | {} |", info.permission.as_str(), info.meaning);
    }
    let operations = operations(systems)?;
    text.push_str(
        "\n## Open to anonymous callers\n\n\
         These answer without a credential; nothing else does, but the pages and probes of the server itself (`/`, `/setup`, \
         `/status`, `/docs/problems/...`, `/health`, `/ready`, `/api/v1/openapi.json`). Where a permission is named, anonymous callers \
         see the workspace of the setting `public_workspace`, and get 401 if there is none; whoever signs in needs the \
         permission in his own.\n\n| operation | address | rule |\n|---|---|---|\n",
    );
    for one in operations.iter().filter(|one| matches!(one.access.rule, Rule::Anyone | Rule::Open(_))) {
        let _ = writeln!(text, "| `{}` | `{}` | {} |", one.access.operation, one.address, one.rule());
    }
    text.push_str(
        "\n## Every operation\n\n\
         `signed in` about a workspace or a key named in the address or the body: membership and permission are looked up in \
         the transaction, and what the caller may not know of is 404. *Limit* is the setting under `limits` that counts it. \
         *Key* says whether `Idempotency-Key` keeps its reply. \
         *Proven lately*: a session must have proven within `identity.step_up_age` who it is, or it is answered 403 \
         `step_up_required`.\n\n\
         | operation | address | rule | limit | key | what it does |\n|---|---|---|---|---|---|\n",
    );
    for one in &operations {
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} | {} | {} |",
            one.access.operation,
            one.address,
            one.rule(),
            one.limit(),
            one.key(),
            one.summary
        );
    }
    Ok(text)
}

/// The lowest role that has the permission; `None` for one over the installation.
const fn rank(info: &PermissionInfo) -> Option<Rank> {
    match info.realm {
        Realm::Workspace(least) => Some(least),
        Realm::Installation => None,
    }
}

/// An operation of the document with its entry in the access table.
struct Operation {
    address: String,
    access: Access,
    summary: String,
}

impl Operation {
    fn rule(&self) -> String {
        let rule = match self.access.rule {
            Rule::Anyone => "anyone".to_owned(),
            Rule::Open(permission) => format!("anyone, or `{}`", permission.as_str()),
            Rule::SignedIn => "signed in".to_owned(),
            Rule::Workspace(permission) => format!("`{}`", permission.as_str()),
            Rule::Installation(permission) => format!("`{}` over the installation", permission.as_str()),
        };
        if self.access.fresh == Fresh::Any { rule } else { format!("{rule}, proven lately") }
    }

    fn limit(&self) -> &'static str {
        match (self.access.tier, self.access.rule) {
            (Tier::SignIn, _) => "sign_in",
            (Tier::Refresh, _) => "refresh",
            (Tier::Exempt, _) => "none",
            (Tier::Normal, Rule::Anyone) => "anonymous",
            (Tier::Normal, Rule::Open(_)) => "signed_in, anonymous",
            (Tier::Normal, _) => "signed_in",
            (Tier::Published, _) => "published",
        }
    }

    fn key(&self) -> &'static str {
        match (self.access.kept, self.address.starts_with("GET ")) {
            (_, true) => "",
            (true, _) => "yes",
            (false, _) => "no",
        }
    }
}

fn operations(systems: &[System]) -> Result<Vec<Operation>, Failed> {
    let document = web::api_document(systems)?;
    let own = web::system();
    let entries = systems.iter().chain([&own]).flat_map(|system| system.access);
    let entries: BTreeMap<&str, Access> = entries.map(|entry| (entry.operation, *entry)).collect();
    let mut list = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let Some(access) = operation["operationId"].as_str().and_then(|id| entries.get(id)) else {
                continue;
            };
            list.push(Operation {
                address: format!("{} {path}", method.to_uppercase()),
                access: *access,
                summary: first_sentence(operation),
            });
        }
    }
    list.sort_by(|a, b| place(&a.address).cmp(&place(&b.address)));
    Ok(list)
}

/// Of what the handler says about itself; utoipa splits it after the first line.
fn first_sentence(operation: &Value) -> String {
    let said = ["summary", "description"].into_iter().filter_map(|name| operation[name].as_str());
    let words: Vec<&str> = said.flat_map(str::split_whitespace).collect();
    let end = words.iter().position(|word| word.ends_with('.')).map_or(words.len(), |at| at + 1);
    words[..end].join(" ")
}

/// By path, then by method.
fn place(address: &str) -> (&str, &str) {
    let (method, path) = address.split_once(' ').unwrap_or(("", address));
    (path, method)
}

fn metrics(systems: &[System]) -> String {
    let mut text = format!(
        "# Metrics\n\n{MADE}\n\n\
         `/metrics` answers in Prometheus' text form: on `server.metrics_listen` if that is set; else on the main listener, to a \
         bearer of `server.metrics_token`, or to a loopback peer without forwarding headers. Everybody else gets 404. The label \
         `route` is the template of the route, never the caller's words.\n\n| name | kind | meaning |\n|---|---|---|\n"
    );
    let mut all = web::metrics(systems);
    all.sort_by_key(|one| one.name);
    for one in all {
        let shape = match one.shape {
            Shape::Counter => "counter",
            Shape::Gauge => "gauge",
            Shape::Histogram => "histogram",
        };
        let _ = writeln!(text, "| `{}` | {shape} | {} |", one.name, one.meaning);
    }
    text
}

fn ids(systems: &[System]) -> String {
    let mut text = format!(
        "# Ids and events\n\n{MADE}\n\n\
         ## Prefixes of ids\n\n\
         An id is a prefix, `_` and 26 characters of lower-case Crockford base32: a ULID, so ids sort by the time they were made.\n\n\
         | prefix | names |\n|---|---|\n"
    );
    let mut prefixes: Vec<_> = systems.iter().flat_map(|system| system.ids).collect();
    prefixes.sort();
    for (prefix, noun) in prefixes {
        let _ = writeln!(text, "| `{prefix}` | {noun} |");
    }
    text.push_str(
        "\n## Events\n\n\
         What the journal can say ([events.md](events.md) tells how to read it). Whoever reads the feed or the stream needs `events:read` \
         and, where one is named, the permission beside the event.\n\n| event | about | meaning | permission |\n|---|---|---|---|\n",
    );
    for event in systems.iter().flat_map(|system| system.events) {
        let read = event.read.map_or_else(String::new, |permission| format!("`{}`", permission.as_str()));
        let noun = event.noun.replace('_', " ");
        let _ = writeln!(text, "| `{}` | {noun} | {} | {read} |", event.kind, event.meaning);
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn the_made_pages_of_the_guide_are_current() {
        for one in Page::value_variants() {
            let name = one.to_possible_value().expect("every page can be named");
            let path = format!("{}/../docs/guide/{}.md", env!("CARGO_MANIFEST_DIR"), name.get_name());
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            let made = page(*one).expect("a page");
            assert_eq!(written, made, "{path} is not what the code says: run `cargo xtask generate`");
        }
    }
}
