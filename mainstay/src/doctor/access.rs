//! What people can do without signing in: every action that is open, by name.

use futures_util::future::{BoxFuture, ready};
use web::Rule;

use super::{Finding, Patient};

pub(super) fn anonymous(patient: &Patient) -> BoxFuture<'_, Finding> {
    let public = patient.settings.get::<config::sections::General>().public_workspace.clone();
    let mut open = Vec::new();
    for system in crate::systems::all() {
        for access in system.access {
            match access.rule {
                Rule::Anyone => open.push(format!("{} ({}): anyone", access.operation, system.name)),
                Rule::Open(_) if public.is_some() => {
                    open.push(format!("{} ({}): in the public workspace", access.operation, system.name));
                }
                _ => {}
            }
        }
    }
    let place = public.map_or_else(
        || "no workspace is public".to_owned(),
        |name| format!("the public workspace is `{name}`"),
    );
    Box::pin(ready(
        Finding::ok(format!("{} actions are open to anonymous callers; {place}", open.len())).lines(open),
    ))
}
