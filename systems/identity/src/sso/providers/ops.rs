//! The one list of providers, and what an operator does with those of the database.

use db::{Read, Tx};
use serde_json::json;
use types::{Error, Installation, Result};
use web::{App, Change};

use super::api_body::{SsoProviderIn, SsoProviderPatch};
use super::model::{Provider, is_name};
use super::store::{self, Sealed};
use crate::secrets::Secrets;
use crate::sso::settings::SsoSettings;
use crate::{Identity, events};

/// More than anybody signs in at.
const MOST: usize = 100;

/// Ties a sealed secret to its provider and to whom it is sent: with another issuer it can not be opened.
fn secret_box(provider: &Provider) -> Vec<u8> {
    format!("sso provider\n{}\n{}", provider.name, provider.issuer).into_bytes()
}

fn opened(secrets: &Secrets, (mut provider, sealed): Sealed) -> Result<Provider> {
    if let Some(sealed) = sealed {
        let plain = secrets.open(&secret_box(&provider), &sealed);
        let text = plain.and_then(|plain| String::from_utf8(plain).ok()).ok_or_else(|| {
            let message =
                "The secret of this provider was sealed under another installation secret. Set it again.";
            Error::upstream("provider_misconfigured", message)
        })?;
        provider.client_secret = config::Secret::new(text);
    }
    Ok(provider)
}

/// Every provider, those of the settings file first: a name of theirs stands for them.
pub(crate) async fn all(rx: &mut Read, inst: &Installation, file: &SsoSettings) -> Result<Vec<Provider>> {
    let mut all: Vec<Provider> = file.all().collect();
    for (provider, _) in store::all(rx, inst).await? {
        if all.iter().all(|one| one.name != provider.name) {
            all.push(provider);
        }
    }
    Ok(all)
}

/// The provider of that name that people may sign in at, with its secret. One that is switched off is not there.
pub(crate) async fn named(app: &App, inst: &Installation, name: &str) -> Result<Provider> {
    if !is_name(name) {
        return Err(Error::not_found());
    }
    let of_file = app.settings().get::<SsoSettings>().all().find(|one| one.name == name);
    let provider = if let Some(provider) = of_file {
        provider
    } else {
        let args = (inst.clone(), name.to_owned());
        let read = app.db().get(args, |rx, (inst, name)| Box::pin(store::get(rx, inst, name)));
        opened(&app.extension::<Identity>()?.secrets, read.await?.ok_or_else(Error::not_found)?)?
    };
    if provider.enabled { Ok(provider) } else { Err(Error::not_found()) }
}

/// What a change of a provider needs beside the provider.
pub(crate) struct Operator {
    pub(crate) app: App,
    pub(crate) identity: std::sync::Arc<Identity>,
}

impl Operator {
    /// Whether the file speaks for this name: then it is changed there.
    fn refuse_file(&self, name: &str) -> Result<()> {
        if self.app.settings().get::<SsoSettings>().providers.contains_key(name) {
            let message = "A provider of this name stands in the settings file, and is changed there.";
            return Err(Error::conflict("provider_in_file", message));
        }
        Ok(())
    }

    /// What can only be judged here: where the issuer is, and whether there is such a workspace.
    async fn admit(&self, rx: &mut Read, inst: &Installation, provider: &mut Provider) -> Result<()> {
        self.app.outbound().check(&provider.issuer)?;
        if let Some(wanted) = &provider.workspace {
            let found = crate::callers::workspace_named(rx, inst, wanted).await?.ok_or_else(|| {
                let error = Error::invalid("invalid", "Some fields are not valid.");
                error.at_field("/workspace", "unknown", "there is no such workspace")
            })?;
            // The id stays when the slug changes, and a slug that somebody else takes leads nowhere.
            provider.workspace = Some(found.id.to_string());
        }
        Ok(())
    }

    fn sealed(&self, provider: &Provider) -> Option<Vec<u8>> {
        let secret = provider.client_secret.expose();
        (!secret.is_empty()).then(|| self.identity.secrets.seal(&secret_box(provider), secret.as_bytes()))
    }
}

pub(crate) async fn create(
    tx: &mut Tx,
    inst: &Installation,
    operator: &Operator,
    body: &SsoProviderIn,
) -> Result<Provider> {
    let mut provider = body.provider();
    operator.refuse_file(&provider.name)?;
    operator.admit(tx, inst, &mut provider).await?;
    if store::all(tx, inst).await?.len() >= MOST {
        return Err(Error::conflict("too_many_providers", "There are as many providers as there may be."));
    }
    let now = tx.now();
    if !store::insert(tx, inst, &provider, operator.sealed(&provider).as_deref(), now).await? {
        return Err(Error::conflict("provider_exists", "There is a provider of this name already."));
    }
    tell(tx, inst, events::SSO_PROVIDER_CREATED, &provider).await?;
    kept(tx, inst, &provider.name).await
}

pub(crate) async fn update(
    tx: &mut Tx,
    inst: &Installation,
    operator: &Operator,
    change: &Change<(Operator, String), SsoProviderPatch>,
) -> Result<Provider> {
    let name = &change.id.1;
    operator.refuse_file(name)?;
    let (before, sealed) = store::get(tx, inst, name).await?.ok_or_else(Error::not_found)?;
    change.admit(before.kept.map_or(0, |kept| kept.version))?;
    let mut after = change.body.onto(before.clone());
    operator.admit(tx, inst, &mut after).await?;
    let mut problems = types::Problems::new();
    after.check(&mut problems);
    // The secret was given to one issuer. It is not handed to another because somebody changed an address.
    if after.issuer != before.issuer && sealed.is_some() && change.body.client_secret.is_keep() {
        problems.add("/client_secret", "required", "must be sent again with another issuer");
    }
    problems.into_result()?;
    let sealed = if change.body.client_secret.is_keep() { sealed } else { operator.sealed(&after) };
    let now = tx.now();
    store::update(tx, inst, &after, sealed.as_deref(), now).await?;
    tell(tx, inst, events::SSO_PROVIDER_UPDATED, &after).await?;
    kept(tx, inst, name).await
}

pub(crate) async fn delete(
    tx: &mut Tx,
    inst: &Installation,
    operator: &Operator,
    change: &Change<(Operator, String)>,
) -> Result<()> {
    let name = &change.id.1;
    operator.refuse_file(name)?;
    let (provider, _) = store::get(tx, inst, name).await?.ok_or_else(Error::not_found)?;
    change.admit(provider.kept.map_or(0, |kept| kept.version))?;
    store::delete(tx, inst, name).await?;
    tell(tx, inst, events::SSO_PROVIDER_DELETED, &provider).await
}

async fn kept(tx: &mut Tx, inst: &Installation, name: &str) -> Result<Provider> {
    let found = store::get(tx, inst, name).await?;
    found.map(|(provider, _)| provider).ok_or_else(Error::not_found)
}

async fn tell(tx: &mut Tx, inst: &Installation, kind: &'static str, provider: &Provider) -> Result<()> {
    let payload = json!({"issuer": provider.issuer, "domains": provider.domains, "provisioning": provider.provisioning,
                         "workspace": provider.workspace, "role": provider.role, "enabled": provider.enabled});
    events::in_installation(tx, inst, kind, provider.name.clone(), payload).await
}
