//! Databases on the private server: fresh ones, and clones of templates that were made once.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Postgres, admin};

/// For a template of 40 tables without fsync, 49 to 56 ms a copy; `wal_log` took 49 to 68.
const COPY: &str = "STRATEGY file_copy";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A database of one test. It is dropped, with whoever is still connected to it, when this is.
#[derive(Debug)]
pub struct Database {
    /// The address, for a client.
    pub url: String,
    pub name: String,
    admin: String,
}

/// A database that is ready to be copied and takes no connections.
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
}

impl Postgres {
    /// A new database with nothing in it.
    pub fn fresh_database(&self) -> Database {
        self.create("TEMPLATE template0")
    }

    /// A template called `name`, filled by `fill` unless one with the same `key` is there. The key says what is in
    /// it: a hash of the migrations, say. Processes that share the server make it once between them.
    ///
    /// `fill` gets the address, runs in a thread of its own and may start a runtime there.
    pub fn template(&self, name: &str, key: &str, fill: impl FnOnce(&str) + Send) -> Template {
        let template = format!("template_{name}_{:016x}", fingerprint(name, key));
        let url = self.url(&template);
        let made = admin::with(&self.url("postgres"), async |client| {
            // One at a time on the whole server: CREATE DATABASE from template1 wants it unused anyway.
            client.batch_execute("SELECT pg_advisory_lock(7726)").await?;
            let ready = client
                .query_opt("SELECT 1 FROM pg_database WHERE datname = $1 AND NOT datallowconn", &[&template])
                .await?;
            if ready.is_some() {
                return Ok(());
            }
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)")).await?;
            client.batch_execute(&format!("CREATE DATABASE {template} TEMPLATE template0 {COPY}")).await?;
            let filled = std::thread::scope(|threads| threads.spawn(|| fill(&url)).join());
            if let Err(panic) = filled {
                std::panic::resume_unwind(panic);
            }
            client
                .batch_execute(&format!(
                    "ALTER DATABASE {template} ALLOW_CONNECTIONS false;
                     SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"
                ))
                .await
        });
        made.unwrap_or_else(|error| panic!("no template {template}: {error:?}"));
        Template { name: template }
    }

    /// A new database with what the template has.
    pub fn clone_of(&self, template: &Template) -> Database {
        self.create(&format!("TEMPLATE {}", template.name))
    }

    fn create(&self, from: &str) -> Database {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let admin = self.url("postgres");
        admin::run(&admin, &format!("CREATE DATABASE {name} {from} {COPY}"))
            .unwrap_or_else(|error| panic!("no database {name}: {error:?}"));
        Database { url: self.url(&name), name, admin }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that stopped its own server has nothing left to drop.
        let _ = admin::run(&self.admin, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// FNV-1a: the same in every process and build, which the standard hasher does not promise.
fn fingerprint(name: &str, key: &str) -> u64 {
    let bytes = name.bytes().chain([0]).chain(key.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
