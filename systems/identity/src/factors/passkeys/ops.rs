//! Making a passkey, reading what one signed, and using that up.

use config::sections::Server;
use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result};
use web::App;

use super::ceremony::{self, Assertion, Flaw};
use super::model::{MOST, PasskeyId, PasskeyRow, Signed, transports};
use super::wire::{AssertionIn, Descriptor, RegistrationIn, RequestOptions, encoded};
use super::{Site, store};
use crate::events;
use crate::factors::ops::{forget_what_is_left_over, held, tell_added, tell_removed};
use crate::factors::{Method, recovery};
use crate::letters::{self, News};
use crate::sso::{SsoSettings, identities};

/// The site of this installation, if browsers have passkeys for it.
pub(crate) fn site(app: &App) -> Result<Site> {
    let server = app.settings().get::<Server>();
    server.public_url.as_ref().and_then(|url| Site::of(url.expose())).ok_or_else(|| {
        let message = "Passkeys need `server.public_url` to be an https address with a host name.";
        Error::conflict("passkeys_unavailable", message)
    })
}

/// What a browser is asked for, among these passkeys.
pub(crate) fn options(site: &Site, challenge: String, passkeys: &[PasskeyRow]) -> RequestOptions {
    RequestOptions::new(site, challenge, descriptors(passkeys))
}

pub(crate) fn descriptors(passkeys: &[PasskeyRow]) -> Vec<Descriptor> {
    let one = |row: &PasskeyRow| Descriptor {
        r#type: "public-key",
        id: encoded(&row.credential_id),
        transports: row.transports.split_whitespace().map(str::to_owned).collect(),
    };
    passkeys.iter().map(one).collect()
}

/// The challenge that a sign-in claims to answer.
pub(crate) fn claimed_challenge(assertion: &AssertionIn) -> Result<String> {
    ceremony::claimed_challenge(&assertion.response.client_data_json.0).ok_or_else(invalid)
}

/// The challenge that a new credential claims to answer.
pub(crate) fn claimed_challenge_of_new(new: &RegistrationIn) -> Result<String> {
    ceremony::claimed_challenge(&new.response.client_data_json.0).ok_or_else(|| refused(Flaw::Malformed))
}

/// Whose passkey signed this challenge. Verified before the transaction, so that nobody waits for a signature; that the
/// counter went on is settled inside it.
pub(crate) async fn verify(
    app: &App,
    inst: &Installation,
    challenge: &str,
    assertion: AssertionIn,
) -> Result<Signed> {
    let site = site(app)?;
    let AssertionIn { raw_id, response } = assertion;
    let read = app
        .db()
        .read((inst.clone(), raw_id.0), |rx, (inst, id)| Box::pin(store::by_credential(rx, inst, id)));
    let row = read.await?.ok_or_else(invalid)?;
    let bytes = Assertion {
        client_data: &response.client_data_json.0,
        authenticator_data: &response.authenticator_data.0,
        signature: &response.signature.0,
    };
    let said = ceremony::assert(&site, challenge, &row.public_key, &bytes)
        .map_err(|flaw| invalid().because(flaw))?;
    let named = response.user_handle.is_none_or(|handle| handle.0 == row.person.as_bytes());
    if !named || said.may_be_synced() != row.may_be_synced {
        return Err(invalid());
    }
    let sign_count = i64::from(said.sign_count);
    Ok(Signed { passkey: row.id, person: row.person, sign_count, is_synced: said.is_synced() })
}

/// Uses a signature up. A counter that did not go on means that there is a copy of the key: it is refused, and told.
pub(crate) async fn take(
    tx: &mut Tx,
    inst: &Installation,
    person: PersonId,
    signed: &Signed,
) -> Result<bool> {
    let now = tx.now();
    let good = signed.person == person && store::take(tx, inst, signed, now).await?;
    if !good && let Some(row) = store::of_person(tx, inst, person, signed.passkey).await? {
        let payload = json!({"person_id": person, "counter": signed.sign_count, "known": row.sign_count});
        let subject = signed.passkey.to_string();
        events::in_installation(tx, inst, events::PASSKEY_COUNTER_REGRESSED, subject, payload).await?;
        letters::door(tx, inst, person, News::PasskeyCopied).await?;
    }
    Ok(good)
}

/// A credential that a browser made, held against its challenge. Its owner and its name come with the commit.
pub(crate) fn read_new(site: &Site, challenge: &str, new: &RegistrationIn) -> Result<PasskeyRow> {
    let response = &new.response;
    let (client_data, object) = (&response.client_data_json.0, &response.attestation_object.0);
    let (credential, said) = ceremony::register(site, challenge, client_data, object).map_err(refused)?;
    Ok(PasskeyRow {
        id: PasskeyId::from_bytes([0; 16]),
        person: PersonId::from_bytes([0; 16]),
        credential_id: credential.id,
        public_key: credential.public_key,
        sign_count: i64::from(said.sign_count),
        may_be_synced: said.may_be_synced(),
        is_synced: said.is_synced(),
        transports: transports(&response.transports),
        name: String::new(),
        created_at: types::Time::from_millis(0),
        last_used_at: None,
        version: 1,
    })
}

/// Keeps a passkey. Answers with recovery codes if there were none.
pub(crate) async fn add(
    tx: &mut Tx,
    inst: &Installation,
    person: PersonId,
    name: &str,
    new: &PasskeyRow,
) -> Result<(PasskeyRow, Option<Vec<String>>)> {
    if held(tx, inst, person).await?.passkeys >= MOST {
        return Err(Error::conflict("too_many_passkeys", format!("Nobody has more than {MOST} passkeys.")));
    }
    let now = tx.now();
    let name = if name.is_empty() { "Passkey" } else { name };
    let row =
        PasskeyRow { id: PasskeyId::at(now), person, name: name.to_owned(), created_at: now, ..new.clone() };
    if !store::insert(tx, inst, &row).await? {
        return Err(Error::conflict("passkey_known", "This passkey is known here already."));
    }
    tell_added(tx, inst, person, Method::Passkey).await?;
    let codes = recovery::ops::first(tx, inst, person).await?;
    Ok((row, codes))
}

/// Takes a passkey off somebody; no recovery codes are left when nothing else is. The last way to sign in stays.
pub(crate) async fn remove(
    tx: &mut Tx,
    inst: &Installation,
    file: &SsoSettings,
    passkey: &PasskeyRow,
) -> Result<()> {
    let others = held(tx, inst, passkey.person).await?.passkeys > 1;
    if !others && !identities::has_another_way_in(tx, inst, file, passkey.person, None).await? {
        return Err(identities::last_way_in());
    }
    store::remove(tx, inst, passkey.id).await?;
    tell_removed(tx, inst, passkey.person, Method::Passkey).await?;
    forget_what_is_left_over(tx, inst, passkey.person).await
}

/// One refusal for every reason; the log has which.
pub(crate) fn invalid() -> Error {
    Error::unauthenticated("passkey_invalid", "The passkey is not known here, or its answer is not right.")
}

fn refused(flaw: Flaw) -> Error {
    let error = Error::invalid("invalid", "Some fields are not valid.").because(flaw);
    error.at_field("/credential", "passkey", format!("can not be taken: {flaw}"))
}
