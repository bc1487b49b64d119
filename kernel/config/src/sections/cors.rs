//! Which other sites' scripts may call the API.

use std::time::Duration;

use super::General;
use crate::{Mistake, ServiceUrl, Settings};

crate::section! {
    /// Which other sites' scripts may call the API from a browser.
    pub struct Cors as "cors" {
        /// The origins: scheme, host and port, each exactly as a browser sends it. `*` and `null` are refused.
        #[runtime] #[check(origins)]
        origins: Vec<String> = [],
        /// How long a browser may remember the answer.
        #[runtime]
        max_age: Duration = "10m",
    }
    check = https_only;
}

fn origins(origins: &[String]) -> Result<(), String> {
    for (at, origin) in origins.iter().enumerate() {
        let sent = ServiceUrl::new(origin).filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && !url.host().is_empty()
                && *origin == format!("{}://{}", url.scheme(), url.host())
                && !origin.contains(['*', ',', ';', '\\'])
                && *origin == origin.to_ascii_lowercase()
        });
        if sent.is_none() {
            return Err(format!(
                "item {}: expected an origin as a browser sends it, for example \"https://app.example\"",
                at + 1
            ));
        }
    }
    Ok(())
}

fn https_only(settings: &Settings) -> Vec<Mistake> {
    if !settings.find::<General>().is_some_and(|general| general.is_production()) {
        return Vec::new();
    }
    let cors = settings.get::<Cors>();
    let plain = cors.origins.iter().filter(|origin| !origin.starts_with("https://"));
    plain
        .map(|origin| {
            Mistake::new("cors.origins", format!("`{origin}` is not https, which production mode refuses"))
                .hint("use https, or mode = \"development\" on your own machine")
                .given(&["mode"])
        })
        .collect()
}
