//! An account that is tried from many networks: slowed, never locked.
//!
//! The gate already limits each network (`limits.sign_in`), so one stranger is stopped there. A crowd of networks is not,
//! and to refuse the account would let the crowd lock its owner out. So once an account has seen as many failures in a
//! minute as [`NETWORKS`] networks may make, every attempt at it waits before it is looked at; the right password is
//! still the right password. An address that nobody has is treated alike.

use std::time::Duration;

use cache::Key;
use config::sections::Limits;
use web::App;

use crate::secrets;

const TIER: &str = "sign_in_failures";
const WINDOW: Duration = Duration::from_mins(1);
/// How many networks may make all their mistakes about one account before it is slowed.
const NETWORKS: u32 = 3;
/// How long an attempt waits then: no person minds, and the request stays far from its deadline.
const WAIT: Duration = Duration::from_secs(1);

/// One account, by what it is called: the hash keeps text of any length out of the counters.
pub(crate) struct Siege([u8; 32]);

impl Siege {
    pub(crate) fn of(email_key: &str) -> Self {
        Self(secrets::hash(email_key))
    }

    /// Waits if too much has failed here lately.
    pub(crate) async fn pace(&self, app: &App) {
        let key = Key::new(TIER, &self.0);
        if !app.counters().peek(key, most(app), WINDOW, app.clock().now()).await.allowed {
            metrics::counter!("mainstay_sign_ins_slowed_total").increment(1);
            tokio::time::sleep(WAIT).await;
        }
    }

    pub(crate) async fn failed(&self, app: &App) {
        app.counters().hit(Key::new(TIER, &self.0), most(app), WINDOW, app.clock().now()).await;
    }
}

fn most(app: &App) -> u32 {
    app.settings().get::<Limits>().sign_in.saturating_mul(NETWORKS)
}
