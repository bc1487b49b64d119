//! `mainstay openapi`: the document of the API, without a server or a database.

use super::{Exit, Failed, Out};

pub(crate) fn run(out: &Out) -> Result<Exit, Failed> {
    let document = web::api_document(&crate::systems::all())?;
    let text = if out.json { document.to_string() } else { format!("{document:#}") };
    out.print(&text);
    Ok(Exit::Ok)
}
