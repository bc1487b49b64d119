//! Passwords: hashed with argon2id, off the async workers, a bounded number at a time; changed, and set anew.
//!
//! Owns the cost, the queue before it, so that a crowd at the door can not starve the server, and what is too easy. Refuses
//! to know how somebody who has the right password signs in.

pub(crate) mod api;
pub(crate) mod ops;
pub(crate) mod policy;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tasks::TaskGroup;
use tokio::sync::Semaphore;
use types::{Error, Result};
use zeroize::Zeroizing;

use crate::people::is_endless;
use crate::secrets::random;

/// What one hash costs. The defaults of the settings are OWASP's for argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    fn argon2(self) -> Result<Argon2<'static>> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|error| {
            Error::internal(error.to_string()).while_doing("reading the cost of passwords")
        })?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// Hashes right here. Takes tens of milliseconds: for the command line and for the running server's queue.
    pub(crate) fn hash(self, password: &str) -> Result<String> {
        let hash = self.argon2()?.hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
    }

    /// Whether the hash is cheaper than hashes are now.
    fn is_above(self, hash: &str) -> bool {
        let Some(params) = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok()) else {
            return true;
        };
        params.m_cost() < self.memory_kib || params.t_cost() < self.passes || params.p_cost() < self.lanes
    }

    /// A hash that no password has, and that costs as much to find that out.
    fn nobody(self) -> String {
        let Self { memory_kib, passes, lanes } = self;
        let (salt, hash) = (STANDARD_NO_PAD.encode(random::<16>()), STANDARD_NO_PAD.encode(random::<32>()));
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
    }
}

fn fits(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// What came of holding a password against a hash.
pub(crate) struct Proof {
    pub(crate) fits: bool,
    /// The hash that it was, and the dearer one that it should be.
    pub(crate) renewed: Option<(String, String)>,
}

/// The one place where a running server hashes.
pub(crate) struct Passwords {
    cost: Cost,
    nobody: String,
    at_once: Arc<Semaphore>,
    waiting: AtomicUsize,
    may_wait: usize,
}

/// Counts one who waits, also when they stop waiting because the caller hung up.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Passwords {
    /// At most `at_once` hashes run, at most `may_wait` wait; the next is told to come back.
    pub(crate) fn new(cost: Cost, at_once: usize, may_wait: usize) -> Self {
        Self {
            nobody: cost.nobody(),
            cost,
            at_once: Arc::new(Semaphore::new(at_once.max(1))),
            waiting: AtomicUsize::new(0),
            may_wait,
        }
    }

    pub(crate) async fn hash(&self, tasks: &TaskGroup, password: Zeroizing<String>) -> Result<String> {
        let cost = self.cost;
        self.run(tasks, move || cost.hash(&password)).await?
    }

    /// Whether the password fits. Without a hash (nobody has this address) it takes as long, and never fits.
    pub(crate) async fn verify(
        &self,
        tasks: &TaskGroup,
        password: Zeroizing<String>,
        hash: Option<String>,
    ) -> Result<bool> {
        Ok(self.prove(tasks, password, hash).await?.fits)
    }

    /// Whether the password fits, and if its hash is cheaper than hashes are now, a dearer one. A text that is longer than any
    /// password is not hashed; the work is done all the same.
    pub(crate) async fn prove(
        &self,
        tasks: &TaskGroup,
        password: Zeroizing<String>,
        hash: Option<String>,
    ) -> Result<Proof> {
        let known = hash.is_some() && !is_endless(&password);
        let password = if known { password } else { Zeroizing::default() };
        let (cost, hash) = (self.cost, hash.filter(|_| known).unwrap_or_else(|| self.nobody.clone()));
        let work = move || {
            let fits = fits(&password, &hash) && known;
            let renewed = (fits && cost.is_above(&hash)).then(|| cost.hash(&password)).transpose()?;
            Ok(Proof { fits, renewed: renewed.map(|renewed| (hash, renewed)) })
        };
        self.run(tasks, work).await?
    }

    async fn run<R, F>(&self, tasks: &TaskGroup, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce() -> R + Send + 'static,
    {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Waiting(&self.waiting);
        if waiting >= self.may_wait {
            return Err(
                Error::unavailable("busy", "Too many sign-ins at once. Please try again.").retry_after(1)
            );
        }
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(Error::internal)?;
        drop(place);
        // The permit goes along: when the caller hangs up the hash still runs, and still counts.
        let work = move || {
            let result = work();
            drop(permit);
            result
        };
        tasks.blocking("password", work).await.map_err(|error| Error::internal(error).while_doing("hashing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn a_hash_fits_its_password_and_no_other() {
        let hash = CHEAP.hash("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(fits("correct horse battery", &hash));
        assert!(!fits("correct horse batterx", &hash));
        assert!(!fits("correct horse battery", "not a hash"));
    }

    #[test]
    fn the_hash_of_nobody_is_read_like_any_other() {
        let nobody = CHEAP.nobody();
        assert!(PasswordHash::new(&nobody).is_ok(), "{nobody}");
        assert!(!fits("", &nobody));
    }

    #[test]
    fn a_hash_is_old_when_any_of_its_costs_is_lower() {
        let hash = CHEAP.hash("correct horse battery").unwrap();
        assert!(!CHEAP.is_above(&hash));
        assert!(Cost { memory_kib: 65, ..CHEAP }.is_above(&hash));
        assert!(Cost { passes: 2, ..CHEAP }.is_above(&hash));
        assert!(!Cost { memory_kib: 32, ..CHEAP }.is_above(&hash), "cheaper settings make no hash worse");
    }

    #[test]
    fn the_default_cost_is_the_recommended_one() {
        assert_eq!(
            crate::IdentitySettings::default().cost(),
            Cost { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
        );
    }
}
