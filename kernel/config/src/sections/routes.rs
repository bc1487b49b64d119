//! What is served at which address.

use std::collections::BTreeMap;

use super::General;
use crate::Settings;

crate::section! {
    /// The interactive reference.
    pub struct Docs as "docs" {
        /// Whether /docs is served. Without it: in development mode only.
        #[runtime]
        enabled: Option<bool> = none,
    }
}

impl Docs {
    /// Whether /docs is served now.
    pub fn are_served(settings: &Settings) -> bool {
        let chosen = settings.get::<Docs>().enabled;
        chosen.unwrap_or_else(|| !settings.get::<General>().is_production())
    }
}

crate::section! {
    /// Addresses.
    pub struct Routes as "routes" {
        /// Old addresses: a pattern, and where it is now. With `rewrite:` before the new address the answer is given at once
        /// instead of a redirect.
        #[check(paths)]
        aliases: BTreeMap<String, String> = { "/api/auth/*" = "rewrite:/api/v1/auth/*" },
    }
}

fn paths(aliases: &BTreeMap<String, String>) -> Result<(), String> {
    for (from, to) in aliases {
        let to = to.strip_prefix("rewrite:").unwrap_or(to);
        // `//host` would lead off this site.
        if [from.as_str(), to]
            .iter()
            .any(|path| !path.starts_with('/') || path.starts_with("//") || path.contains('\\'))
        {
            return Err("expected paths, for example { \"/v3/action/*\" = \"/api/v1/actions/*\" }".to_owned());
        }
    }
    Ok(())
}
