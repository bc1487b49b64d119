//! Keys and sessions of everybody, as the command line shows and ends them.

use serde_json::{Value, json};
use types::{Installation, Result};
use web::App;

use crate::signing::ops::{self as signing, When};

fn operator() -> Installation {
    Installation::system("an operator at the machine")
}

/// Makes a new signing key. `at_once`: what the others signed is refused from now on, everybody needs a new access token.
pub async fn rotate_signing(app: &App, at_once: bool) -> Result<Value> {
    let when = if at_once { When::InPlaceOfAll } else { When::Later };
    let made = signing::rotate(app, &operator(), when).await?;
    Ok(json!({ "id": made.id, "signs_from": made.signs_from, "old_tokens_refused": at_once }))
}
