//! Searching the audit: that of a workspace, and that of the installation.

use std::net::IpAddr;

use axum::response::{IntoResponse as _, Response};
use config::IpNet;
use http::{HeaderMap, header};
use journal::audit::{Reach, Sought};
use query::{ListParams, Page, Params, SortFields};
use types::{Error, Installation, Permission, Time};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Client, Ground, ListShape, Proof, Result, Standing, View};

use super::api_export::{Export, Format};
use super::model::{AuditOut, Sight};
use crate::{AUDIT, AUDIT_ALL, audited_kinds, declared_kinds, is_of, visible_kinds};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit)).routes(routes!(list_installation_audit))
}

/// What narrows the audit; each that is there has to fit.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only describes the parameters; they are read by name")]
struct AuditFilter {
    /// Only what this person or key did, by id.
    actor: Option<String>,
    /// Only this type, or all types of a noun: `member.added`, `member.*`.
    r#type: Option<String>,
    /// Only what happened to this thing, by id.
    subject: Option<String>,
    /// From this time on.
    from: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// Only what was asked for from this network or address: `203.0.113.0/24`.
    network: Option<String>,
    /// `json` is a page. `csv` and `jsonl` are everything that fits, oldest first, as a file, without paging.
    #[param(inline)]
    format: Option<Format>,
}

/// Beside that, where an operator looks.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only describes the parameters; they are read by name")]
struct WorkspaceFilter {
    /// Only what happened in this workspace, by id.
    workspace: Option<String>,
}

const NEWEST_FIRST: SortFields = SortFields { default: "-occurred_at", ..journal::TIMELINE };
const SHAPE: ListShape = ListShape {
    sort: NEWEST_FIRST,
    filters: &["actor", "type", "subject", "from", "until", "network", "format"],
};
const SHAPE_OF_ALL: ListShape = ListShape {
    sort: NEWEST_FIRST,
    filters: &["actor", "type", "subject", "from", "until", "network", "format", "workspace"],
};

/// Who did what in the workspace, when, and from where: the newest first.
///
/// `Accept: text/csv` and `Accept: application/jsonl` ask for a file like `format` does.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "list_audit",
    params(ListParams, AuditFilter),
    responses((status = 200, description = "A page, or a file.",
        content((Page<AuditOut> = "application/json"), (String = "text/csv"), (String = "application/jsonl")))))]
async fn list_audit(
    view: View,
    caller: Caller,
    Client(client): Client,
    headers: HeaderMap,
) -> Result<Response> {
    let kinds = declared_kinds(view.app());
    let sight = Sight { kinds: visible_kinds(view.app(), &caller.rights), in_workspaces: true };
    let reader = Reader { caller, client, headers, needed: AUDIT, kinds, sight };
    answer(view, &SHAPE, reader).await
}

/// Changes of rights, sign-ins, refusals and the like in the whole installation: the newest first.
///
/// What an event of a workspace says is shown to those who may read it there, in the audit of the workspace.
#[utoipa::path(get, path = "/api/v1/installation/audit", tag = "audit", operation_id = "list_installation_audit",
    params(ListParams, AuditFilter, WorkspaceFilter),
    responses((status = 200, description = "A page, or a file.",
        content((Page<AuditOut> = "application/json"), (String = "text/csv"), (String = "application/jsonl")))))]
async fn list_installation_audit(
    view: View<Installation>,
    caller: Caller,
    Client(client): Client,
    headers: HeaderMap,
) -> Result<Response> {
    let kinds = audited_kinds(view.app());
    let sight = Sight { kinds: visible_kinds(view.app(), &caller.installation), in_workspaces: false };
    let reader = Reader { caller, client, headers, needed: AUDIT_ALL, kinds, sight };
    answer(view, &SHAPE_OF_ALL, reader).await
}

/// Whoever reads, and of which kinds he reads what.
struct Reader {
    caller: Caller,
    client: IpAddr,
    headers: HeaderMap,
    needed: Permission,
    /// Kinds that he hears of.
    kinds: Vec<&'static str>,
    sight: Sight,
}

async fn answer<S: Ground>(view: View<S>, shape: &ListShape, reader: Reader) -> Result<Response>
where
    for<'a> Reach: From<&'a S>,
{
    let (list, params) = view.asked(shape)?;
    let sought = sought(&params, reader.kinds)?;
    let format = match params.get("format") {
        Some(name) => Format::parse(name).ok_or_else(|| bad("format", "must be json, csv or jsonl"))?,
        None => Format::accepted(reader.headers.get_all(header::ACCEPT)),
    };
    if format != Format::Json {
        let paged = ["page", "page_size", "cursor", "limit", "include_total", "sort", "fields"];
        if let Some(name) = paged.into_iter().find(|name| params.get(name).is_some()) {
            return Err(bad(name, "a file has no pages and one order").into());
        }
        let (app, reach) = (view.app().clone(), Reach::from(view.ground()));
        let proof = Proof::of_request(reader.client, reader.headers);
        let standing = Standing::begin(&app, &reader.caller, proof, reader.needed);
        let export = Export { app, reach, sought, sight: reader.sight, format };
        return Ok(export.answer(standing));
    }
    let sight = reader.sight;
    let reply = view
        .body((list, sought, sight), |rx, ground, (list, sought, sight)| {
            Box::pin(async move {
                let page = journal::audit::page(rx, ground, sought, list).await?;
                Ok(page.map(|audited| AuditOut::new(audited, sight)))
            })
        })
        .await?;
    Ok(reply.into_response())
}

fn sought(params: &Params, kinds: Vec<&'static str>) -> Result<Sought, Error> {
    let text = |name: &str| params.get(name).map(str::to_owned);
    let time = |name: &'static str| {
        let read =
            |text: &str| text.parse::<Time>().map_err(|_| bad(name, "must be a time: 2026-01-31T12:00:00Z"));
        params.get(name).map(read).transpose()
    };
    let network = params.get("network").map(network).transpose()?;
    let workspace = params
        .get("workspace")
        .map(|text| text.parse().map_err(|_| bad("workspace", "must be the id of a workspace")));
    let wanted = params.get("type");
    Ok(Sought {
        kinds: kinds.into_iter().filter(|kind| wanted.is_none_or(|wanted| is_of(kind, wanted))).collect(),
        actor: text("actor"),
        subject: text("subject"),
        from: time("from")?,
        until: time("until")?,
        network,
        workspace: workspace.transpose()?,
    })
}

/// The first and the last address of a network, or twice the one.
fn network(text: &str) -> Result<(IpAddr, IpAddr), Error> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok((address.to_canonical(), address.to_canonical()));
    }
    let net: IpNet =
        text.parse().map_err(|_| bad("network", "must be a network or an address: 203.0.113.0/24"))?;
    Ok((net.network(), net.broadcast()))
}

fn bad(name: &'static str, message: &str) -> Error {
    Error::malformed("bad_parameter", "A parameter of the query string is not valid.")
        .at_field(name, "invalid", message)
}
