//! `mainstay version`.

use serde_json::json;

use super::{Exit, Out};

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn run(out: &Out) -> Exit {
    let system = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let json = json!({ "name": "mainstay", "version": VERSION, "system": system, "engines": ["sqlite", "postgres"] });
    out.result(&format!("mainstay {VERSION} ({system})"), &json);
    Exit::Ok
}
