//! Looking whether every provider can be used, for the doctor.

use config::Settings;
use db::Db;
use outbound::Outbound;
use types::{Installation, Result};

use super::settings::SsoSettings;
use super::{discovery, providers};

/// A provider that somebody looked at.
#[derive(Debug)]
pub struct Seen {
    pub name: String,
    pub enabled: bool,
    /// How many keys it publishes, or what is wrong with it.
    pub keys: Result<usize>,
}

/// Asks every provider for what it says of itself: those of the settings file, and of the database if there is one.
pub async fn look_at_providers(
    settings: &Settings,
    db: Option<&Db>,
    outbound: &Outbound,
) -> Result<Vec<Seen>> {
    let file = settings.get::<SsoSettings>();
    let all = match db {
        Some(db) => {
            let inst = Installation::system("the doctor looks at providers");
            db.read((inst, file), |rx, (inst, file)| Box::pin(providers::all(rx, inst, file))).await?
        }
        None => file.all().collect(),
    };
    let mut seen = Vec::new();
    for one in all {
        let keys = look(outbound, &one.issuer).await;
        seen.push(Seen { name: one.name, enabled: one.enabled, keys });
    }
    Ok(seen)
}

async fn look(outbound: &Outbound, issuer: &str) -> Result<usize> {
    let document = discovery::look(outbound, issuer).await?;
    Ok(discovery::keys(outbound, &document).await?.len())
}
