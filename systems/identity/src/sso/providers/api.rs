//! Providers over HTTP: the list that anybody sees at sign-in, and what operators do with them.

use axum::extract::State;
use serde::Serialize;
use types::{Error, Installation, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Commit, Json, Path, Reply, Result, View};

use super::api_body::{SsoProviderIn, SsoProviderOut, SsoProviderPatch};
use super::model::is_name;
use super::ops::{self, Operator};
use crate::Identity;
use crate::sso::settings::SsoSettings;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_sso))
        .routes(routes!(list_sso_providers, create_sso_provider))
        .routes(routes!(get_sso_provider, update_sso_provider, delete_sso_provider))
}

/// Where somebody can sign in.
#[derive(Serialize, ToSchema)]
struct SsoOut {
    name: String,
    /// What a button says.
    title: String,
    /// The address that begins a sign-in there; a browser is sent to it.
    login_url: String,
}

/// Everywhere somebody can sign in.
#[derive(Serialize, ToSchema)]
struct SsoListOut {
    items: Vec<SsoOut>,
}

/// Every provider.
#[derive(Serialize, ToSchema)]
struct SsoProvidersOut {
    items: Vec<SsoProviderOut>,
}

/// Where somebody can sign in.
#[utoipa::path(get, path = "/api/v1/auth/sso", tag = "auth", operation_id = "list_sso",
    responses((status = 200, description = "Every provider that is switched on.", body = SsoListOut)))]
async fn list_sso(view: View<Installation>) -> Result<Reply> {
    let file = view.app().settings().get::<SsoSettings>();
    view.body(file, |rx, inst, file| {
        Box::pin(async move {
            let all = ops::all(rx, inst, file).await?;
            let items = all.into_iter().filter(|one| one.enabled).map(|one| SsoOut {
                login_url: format!("/api/v1/auth/sso/{}/login", one.name),
                name: one.name,
                title: one.title,
            });
            Ok(SsoListOut { items: items.collect() })
        })
    })
    .await
}

/// Every provider, those of the settings file first.
#[utoipa::path(get, path = "/api/v1/sso/providers", tag = "sso", operation_id = "list_sso_providers",
    responses((status = 200, description = "Every provider.", body = SsoProvidersOut)))]
async fn list_sso_providers(view: View<Installation>) -> Result<Reply> {
    let app = view.app().clone();
    view.body(app, |rx, inst, app| {
        Box::pin(async move {
            let all = ops::all(rx, inst, &app.settings().get::<SsoSettings>()).await?;
            Ok(SsoProvidersOut { items: all.into_iter().map(|one| SsoProviderOut::of(one, app)).collect() })
        })
    })
    .await
}

/// One provider. Its secret is never shown.
#[utoipa::path(get, path = "/api/v1/sso/providers/{name}", tag = "sso", operation_id = "get_sso_provider",
    params(("name" = String, Path, description = "The name of the provider.")),
    responses((status = 200, description = "The provider.", body = SsoProviderOut)))]
async fn get_sso_provider(view: View<Installation>, Path(name): Path<String>) -> Result<Reply> {
    let app = view.app().clone();
    view.one((app, name), |rx, inst, (app, name)| {
        Box::pin(async move {
            let all = ops::all(rx, inst, &app.settings().get::<SsoSettings>()).await?;
            Ok(all.into_iter().find(|one| one.name == *name).map(|one| SsoProviderOut::of(one, app)))
        })
    })
    .await
}

/// Makes a provider. People can sign in there at once.
#[utoipa::path(post, path = "/api/v1/sso/providers", tag = "sso", operation_id = "create_sso_provider",
    request_body = SsoProviderIn,
    responses((status = 201, description = "The provider.", body = SsoProviderOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = SsoProviderOut),
              (status = 409, description = "The name is taken, or there are too many.")))]
async fn create_sso_provider(
    State(app): State<App>,
    commit: Commit<Installation>,
    Json(body): Json<SsoProviderIn>,
) -> Result<Reply> {
    let operator = Operator { identity: app.extension::<Identity>()?, app };
    commit
        .created(Wish { operator, body }, |tx, inst, wish| {
            Box::pin(async move {
                let made = ops::create(tx, inst, &wish.operator, &wish.body).await?;
                Ok(SsoProviderOut::of(made, &wish.operator.app))
            })
        })
        .await
}

/// Changes a provider; not its name.
#[utoipa::path(patch, path = "/api/v1/sso/providers/{name}", tag = "sso", operation_id = "update_sso_provider",
    params(("name" = String, Path, description = "The name of the provider.")),
    request_body = SsoProviderPatch,
    responses((status = 200, description = "The provider as it is now.", body = SsoProviderOut),
              (status = 409, description = "It stands in the settings file.")))]
async fn update_sso_provider(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(name): Path<String>,
    Json(patch): Json<SsoProviderPatch>,
) -> Result<Reply> {
    let operator = Operator { identity: app.extension::<Identity>()?, app };
    commit
        .updated((operator, known(name)?), patch, |tx, inst, change| {
            Box::pin(async move {
                let operator = &change.id.0;
                Ok(SsoProviderOut::of(ops::update(tx, inst, operator, change).await?, &operator.app))
            })
        })
        .await
}

/// Takes a provider away. Who is linked to it stays linked, and can not sign in there.
#[utoipa::path(delete, path = "/api/v1/sso/providers/{name}", tag = "sso", operation_id = "delete_sso_provider",
    params(("name" = String, Path, description = "The name of the provider.")),
    responses((status = 204, description = "Taken away."),
              (status = 409, description = "It stands in the settings file.")))]
async fn delete_sso_provider(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(name): Path<String>,
) -> Result<Reply> {
    let operator = Operator { identity: app.extension::<Identity>()?, app };
    commit
        .deleted((operator, known(name)?), |tx, inst, change| {
            Box::pin(async move { ops::delete(tx, inst, &change.id.0, change).await })
        })
        .await
}

/// What is no name is the name of nothing.
fn known(name: String) -> Result<String> {
    if is_name(&name) { Ok(name) } else { Err(Error::not_found().into()) }
}

/// A body together with who keeps it.
struct Wish {
    operator: Operator,
    body: SsoProviderIn,
}

impl Check for Wish {
    fn check(&self, problems: &mut Problems) {
        self.body.check(problems);
    }
}
