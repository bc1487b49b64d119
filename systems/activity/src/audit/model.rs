//! An entry of the audit as it is shown, and as a line of a table.

use std::fmt::Write as _;

use journal::audit::Audited;
use journal::{EventActor, EventId};
use serde::Serialize;
use serde_json::Value;
use types::{Time, WorkspaceId};
use utoipa::ToSchema;

/// Something that happened, who did it, and from where.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditOut {
    #[schema(value_type = String)]
    id: EventId,
    /// What happened: `member.added`.
    #[serde(rename = "type")]
    kind: String,
    /// The id of the thing it happened to.
    subject: String,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Time,
    /// Where it happened; null for what belongs to the installation.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// Who did it.
    actor: Option<EventActor>,
    /// The address it was asked for from; null when it came from a job or the command line, and once it was forgotten.
    client: Option<String>,
    /// What the client said it is; null like `client`.
    user_agent: Option<String>,
    /// Where it came from: `api`, `system`, or the name of an import.
    source: String,
    request_id: Option<String>,
    trace_id: Option<String>,
    /// What there is to know about it; null when the reader may not read events of this type.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// What a reader sees of the content of events.
#[derive(Clone)]
pub(crate) struct Sight {
    /// Kinds that he may read.
    pub(crate) kinds: Vec<&'static str>,
    /// Whether in a workspace too: rights over the installation open none.
    pub(crate) in_workspaces: bool,
}

impl Sight {
    fn reaches(&self, in_workspace: bool, kind: &str) -> bool {
        (self.in_workspaces || !in_workspace) && self.kinds.contains(&kind)
    }
}

impl AuditOut {
    pub(crate) fn new(audited: Audited, sight: &Sight) -> Self {
        let Audited { event, workspace, client, user_agent } = audited;
        Self {
            id: event.id,
            data: sight.reaches(workspace.is_some(), &event.kind).then_some(event.data),
            kind: event.kind,
            subject: event.subject,
            occurred_at: event.occurred_at,
            workspace_id: workspace,
            actor: event.actor,
            client: client.map(|address| address.to_string()),
            user_agent,
            source: event.source,
            request_id: event.request_id,
            trace_id: event.trace_id,
        }
    }
}

/// The first line of the table.
pub(crate) const HEAD: &str = "id,type,subject,occurred_at,workspace_id,actor_kind,actor_id,actor_label,client,user_agent,\
source,request_id,trace_id,data\r\n";

impl AuditOut {
    /// The entry as a line of CSV (RFC 4180).
    pub(crate) fn line(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let actor = self.actor.as_ref();
        let cells = [
            self.id.to_string(),
            self.kind.clone(),
            self.subject.clone(),
            self.occurred_at.to_string(),
            self.workspace_id.map(|id| id.to_string()).unwrap_or_default(),
            actor.map(|actor| actor.kind.as_str().to_owned()).unwrap_or_default(),
            actor.and_then(|actor| actor.id.clone()).unwrap_or_default(),
            actor.map(|actor| actor.label.clone()).unwrap_or_default(),
            text(&self.client),
            text(&self.user_agent),
            self.source.clone(),
            text(&self.request_id),
            text(&self.trace_id),
            self.data.as_ref().map(Value::to_string).unwrap_or_default(),
        ];
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let _ = write!(line, "{}{}", if at == 0 { "" } else { "," }, quoted(cell));
        }
        line.push_str("\r\n");
        line
    }
}

/// A cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it.
fn quoted(cell: &str) -> String {
    let formula = cell
        .trim_start_matches([' ', '\u{a0}', '\u{3000}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::is_of;

    #[test]
    fn a30_no_cell_is_a_formula() {
        for evil in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}x",
            "\u{3000}=1",
        ] {
            assert!(quoted(evil).starts_with("\"'"), "{evil:?}");
        }
        assert_eq!(quoted("a\"b,c\nd"), "\"a\"\"b,c\nd\"");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("member.added"), "\"member.added\"");
    }

    #[test]
    fn a_noun_with_a_star_is_all_of_it() {
        assert!(is_of("member.added", "member.added") && is_of("member.added", "member.*"));
        assert!(is_of("job.status.done", "job.*") && is_of("job.status.done", "job.status.*"));
        for other in ["members.added", "member", "member.removed.x"] {
            assert!(!is_of(other, "member.added"), "{other}");
        }
        assert!(!is_of("members.added", "member.*") && !is_of("member.added", "*") && !is_of("a.b", ".*"));
    }
}
