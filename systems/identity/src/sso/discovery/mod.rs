//! What a provider says of itself: its addresses and its keys, fetched and remembered.
//!
//! Owns how long that is believed, and how often an unknown key may send us there again: strangers present tokens, and must not
//! be able to make us ask. Refuses to know who signs in.

mod model;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use outbound::Request;
use parking_lot::Mutex;
use types::{Error, Result, Time};
use web::App;

pub(crate) use model::{Document, Method, encoded};

use super::jwks::Keys;
use super::token::BadToken;

/// How long a document and its keys are believed without asking again.
const LIFE: Duration = Duration::from_hours(1);
/// At most this often an unknown key sends us to the provider.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Two of these fit into the ten seconds of a request.
const PATIENCE: Duration = Duration::from_secs(4);
/// Of a document or a key set. Real ones have a few KiB.
const LARGEST: u64 = 256 * 1024;

/// What is known of one provider.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) document: Arc<Document>,
    pub(crate) keys: Arc<Keys>,
    read_at: Time,
    keys_at: Time,
}

/// Held by whoever asks the provider, so that a crowd at the door asks once.
type Place = Arc<tokio::sync::Mutex<Option<Known>>>;

/// What is known of every provider, by its issuer.
#[derive(Default)]
pub(crate) struct Directory(Mutex<HashMap<String, Place>>);

impl Directory {
    /// The provider's document and keys, at most an hour old.
    pub(crate) async fn known(&self, app: &App, issuer: &str) -> Result<Known> {
        let place = self.place(issuer);
        let mut known = place.lock().await;
        let now = app.clock().now();
        if let Some(known) = known.as_ref().filter(|known| young(known.read_at, LIFE, now)) {
            return Ok(known.clone());
        }
        let document = Arc::new(look(app.outbound(), issuer).await?);
        let keys = Arc::new(keys(app.outbound(), &document).await?);
        Ok(known.insert(Known { document, keys, read_at: now, keys_at: now }).clone())
    }

    /// Reads a token; with fresh keys when the provider may have rotated since it was last asked.
    pub(crate) async fn read<R>(
        &self,
        app: &App,
        issuer: &str,
        read: impl Fn(&Keys) -> Result<R, BadToken>,
    ) -> Result<R> {
        let known = self.known(app, issuer).await?;
        let outcome = match read(&known.keys) {
            Err(BadToken::UnknownKey) => read(&*self.renewed(app, issuer, &known).await?),
            outcome => outcome,
        };
        outcome.map_err(|why| {
            let message = "The provider's answer does not prove who signed in there.";
            Error::malformed("id_token_invalid", message).because(why)
        })
    }

    async fn renewed(&self, app: &App, issuer: &str, stale: &Known) -> Result<Arc<Keys>> {
        let place = self.place(issuer);
        let mut place = place.lock().await;
        let now = app.clock().now();
        let Some(known) = place.as_mut() else { return Ok(Arc::clone(&stale.keys)) };
        if !young(known.keys_at, LOOK_AGAIN, now) {
            // Noted before it is asked: a provider that fails is not asked more often.
            known.keys_at = now;
            known.keys = Arc::new(keys(app.outbound(), &known.document).await?);
        }
        Ok(Arc::clone(&known.keys))
    }

    fn place(&self, issuer: &str) -> Place {
        Arc::clone(self.0.lock().entry(issuer.to_owned()).or_default())
    }
}

fn young(at: Time, life: Duration, now: Time) -> bool {
    now >= at && now.since(at) < life
}

/// Fetches the document of an issuer. It must be about that very issuer.
pub(crate) async fn look(outbound: &outbound::Outbound, issuer: &str) -> Result<Document> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let text = get(outbound, &url).await?;
    Document::parse(&text, issuer).map_err(misconfigured)
}

/// Fetches the keys that a document names.
pub(crate) async fn keys(outbound: &outbound::Outbound, document: &Document) -> Result<Keys> {
    let text = get(outbound, &document.jwks_uri).await?;
    Keys::parse(&text)
        .filter(|keys| keys.len() > 0)
        .ok_or_else(|| misconfigured("its key set has no key that could verify anything".to_owned()))
}

async fn get(outbound: &outbound::Outbound, url: &str) -> Result<bytes::Bytes> {
    let request =
        Request::get(url, "sso").header("accept", "application/json").deadline(PATIENCE).limit(LARGEST);
    let answer = outbound.send(request.retries(1)).await.map_err(unreachable)?;
    if answer.status == outbound::StatusCode::OK {
        return Ok(answer.body);
    }
    Err(unreachable(format!("it answered {} where its configuration should be", answer.status)))
}

/// The one refusal for a provider that can not be asked. Why is in the log: it names addresses.
pub(crate) fn unreachable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "The provider can not be reached, or failed. Please try again.";
    Error::upstream("upstream_error", message).because(why)
}

/// The refusal for a provider that must be set up in another way, there or here.
pub(crate) fn misconfigured(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message =
        "The provider is not set up as this server needs it. Its operator finds the reason in the log.";
    Error::upstream("provider_misconfigured", message).because(why)
}
