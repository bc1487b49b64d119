//! What one has of second factors, and what an operator does for somebody who lost them.

use axum::extract::State;
use serde::Serialize;
use types::{Installation, PersonId, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Commit, Path, Reply, Result, View};

use super::{ops, passkeys, totp};
use crate::{Identity, people, sessions};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_second_factors))
        .routes(routes!(reset_second_factors))
        .merge(totp::api::routes())
        .merge(passkeys::routes())
}

/// What the person has.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorsOut {
    /// Since when codes of an authenticator app are asked for; null when they are not.
    #[schema(value_type = Option<String>, format = DateTime)]
    totp_since: Option<Time>,
    /// How many passkeys there are.
    passkeys: i64,
    /// How many recovery codes are left.
    recovery_codes: i64,
    /// Whether a password alone does not suffice.
    required: bool,
}

/// What one has of second factors.
#[utoipa::path(get, path = "/api/v1/auth/second-factors", tag = "auth", operation_id = "get_second_factors",
    responses((status = 200, description = "What there is.", body = SecondFactorsOut)))]
async fn get_second_factors(caller: Caller, view: View<Installation>) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    view.body(person, |rx, inst, person| {
        Box::pin(async move {
            let held = ops::held(rx, inst, *person).await?;
            Ok(SecondFactorsOut {
                totp_since: held.totp,
                passkeys: held.passkeys,
                recovery_codes: held.recovery_codes,
                required: held.any(),
            })
        })
    })
    .await
}

/// Takes all second factors off somebody who lost them, recovery codes too. Their sessions end.
#[utoipa::path(delete, path = "/api/v1/people/{id}/second-factors", tag = "people", operation_id = "reset_second_factors",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "There are none any more.")))]
async fn reset_second_factors(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<PersonId>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let reply = commit
        .deleted((id, caller.installation), |tx, inst, change| {
            Box::pin(async move {
                let (id, held) = &change.id;
                let person = people::ops::subject(tx, inst, *id, held).await?;
                change.admit(1)?;
                ops::reset_for(tx, inst, person.id).await?;
                sessions::ops::revoke_all(tx, inst, person.id, None).await?;
                Ok(())
            })
        })
        .await;
    identity.callers.forget();
    reply
}
