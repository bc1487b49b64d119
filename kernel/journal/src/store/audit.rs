//! The SQL of the audit: events with where they came from, narrowed.

use std::net::{IpAddr, Ipv6Addr};

use db::{Read, Row};
use query::{List, Page, Select};
use types::{Result, Scalar};

use super::wide;
use crate::audit::{Audited, Reach, Sought};

const COLUMNS: &str = "id, kind, subject, occurred_at, actor_kind, actor_id, actor_label, source, request_id, \
     trace_id, payload, epoch, tx, seq, workspace, client, user_agent";

pub(crate) async fn page(
    rx: &mut Read,
    reach: &Reach,
    sought: &Sought,
    list: &List,
) -> Result<Page<Audited>> {
    let select = match reach {
        Reach::Workspace(scope) => Select::scoped(scope, "events", COLUMNS),
        Reach::Everywhere(by) => {
            Select::installation(by, "events", COLUMNS).only("workspace", sought.workspace)
        }
    };
    query::page(rx, narrowed(select, sought), list, read).await
}

fn narrowed(select: Select, sought: &Sought) -> Select {
    let mut select =
        select.only("actor_id", sought.actor.as_deref()).only("subject", sought.subject.as_deref());
    if let Some(from) = sought.from {
        select = select.and("occurred_at >= $1", [from.into()]);
    }
    if let Some(until) = sought.until {
        select = select.and("occurred_at < $1", [until.into()]);
    }
    if let Some((first, last)) = sought.network {
        select = select.and("client >= $1 AND client <= $2", [wide(first).into(), wide(last).into()]);
    }
    if sought.kinds.is_empty() {
        return select.and("1 = 0", []);
    }
    let names: Vec<_> = (1..=sought.kinds.len()).map(|n| format!("${n}")).collect();
    let kinds = sought.kinds.iter().map(|kind| Scalar::from(*kind));
    select.and(&format!("kind IN ({})", names.join(", ")), kinds)
}

fn read(row: &mut Row) -> Result<Audited> {
    let client: Option<Vec<u8>> = row.take("client")?;
    let client = client.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    Ok(Audited {
        workspace: row.take("workspace")?,
        client: client.map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()),
        user_agent: row.take("user_agent")?,
        event: super::read(row, false)?,
    })
}
