//! What a change that a browser signed by itself must prove: that one of our own pages asked for it (A17).
//!
//! Two proofs, because each has failed somewhere: the browser says which page the request comes from, and the page
//! repeats a token that only our own pages can read. Refuses to know sessions: the token is made of the cookie's text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method};
use ring::hmac;
use types::{Error, Result};

use super::Cookie;
use crate::app::App;
use crate::edge::check_cross_site;
use crate::faults::Fault;
use crate::keys::Keys;

/// Where a page repeats the token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// The key that the tokens are made with.
pub(crate) struct Forgery(hmac::Key);

impl Forgery {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &keys.derive("tokens against forged requests")))
    }
}

impl App {
    /// What a page repeats in `X-CSRF-Token` with every change: another one for every cookie.
    pub fn csrf_token(&self, cookie: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.forgery().0, cookie.as_bytes()))
    }
}

/// Refuses a change that another site could have made the browser send. Reading is not asked: nothing changes by GET.
pub(crate) fn check(app: &App, method: &Method, headers: &HeaderMap, cookie: &Cookie) -> Result<()> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) || app.broken(Fault::TrustedCookie) {
        return Ok(());
    }
    own_page(app, headers)?;
    let sent = headers.get(CSRF_HEADER).and_then(|sent| URL_SAFE_NO_PAD.decode(sent).ok());
    let fits = |tag: Vec<u8>| hmac::verify(&app.forgery().0, cookie.text.as_bytes(), &tag).is_ok();
    if sent.is_some_and(fits) {
        return Ok(());
    }
    let message = "A change that is signed by a cookie needs the token of its session in X-CSRF-Token.";
    Err(Error::forbidden("csrf_token_needed", message))
}

/// Refuses what does not come from a page of ours, or of a site that is listed under `cors.origins`.
pub fn own_page(app: &App, headers: &HeaderMap) -> Result<()> {
    let server = app.settings().get::<config::sections::Server>();
    let own = server.public_url.as_ref().map_or("", |url| url.expose());
    let listed = &app.settings().get::<config::sections::Cors>().origins;
    check_cross_site(&Method::POST, headers, own, listed)
}
