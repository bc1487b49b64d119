//! A fresh database a test, cloned from one that was migrated once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use db::{Db, Engine, Migrations, Options};
use parking_lot::Mutex;
use peers::Folder;
use tasks::TaskGroup;
use types::Clock;

/// A migrated database of its own, gone when this is dropped.
pub struct TestDatabase {
    pub db: Db,
    pub folder: Folder,
    options: Options,
    _remote: Option<peers::Database>,
}

static TEMPLATES: Mutex<Option<HashMap<String, Arc<Folder>>>> = Mutex::new(None);
const FILE: &str = "mainstay.db";

impl TestDatabase {
    pub async fn fresh(engine: Engine, migrations: Vec<Migrations>, clock: Clock) -> Self {
        let folder = Folder::new();
        let (url, remote) = match engine {
            Engine::Sqlite => {
                let template = sqlite_template(migrations).await;
                std::fs::copy(template.join(FILE), folder.join(FILE)).expect("a copy of the template");
                ("sqlite".to_owned(), None)
            }
            Engine::Postgres => {
                let remote = TaskGroup::new()
                    .blocking("clone", move || postgres_clone(migrations))
                    .await
                    .expect("a clone");
                (remote.url.clone(), Some(remote))
            }
        };
        let options = Options { clock, pool: 6, readers: 2, ..Options::new(url, folder.path()) };
        let db = Db::open(options.clone()).await.expect("a database");
        Self { db, folder, options, _remote: remote }
    }

    /// The same PostgreSQL database as another node opens it, by way of a proxy if one is given.
    pub async fn open_again(&self, through: Option<&peers::Proxy>) -> Db {
        let port = |port: u16| format!(":{port}/");
        let url = match through {
            Some(proxy) => self.options.url.replace(&port(peers::postgres().port()), &port(proxy.port())),
            None => self.options.url.clone(),
        };
        Db::open(Options { url, ..self.options.clone() }).await.expect("a database that is there already")
    }
}

/// What makes two schemas the same.
fn name_of(migrations: &[Migrations]) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hash = DefaultHasher::new();
    for all in migrations {
        all.system.hash(&mut hash);
        for step in all.steps {
            (step.name, step.sqlite, step.postgres).hash(&mut hash);
        }
    }
    format!("{:016x}", hash.finish())
}

async fn sqlite_template(migrations: Vec<Migrations>) -> Arc<Folder> {
    TaskGroup::new()
        .blocking("template", move || {
            let mut templates = TEMPLATES.lock();
            let known = templates.get_or_insert_default();
            let name = name_of(&migrations);
            known
                .entry(name)
                .or_insert_with(|| {
                    let folder = Folder::new();
                    migrate("sqlite", folder.path(), &migrations);
                    Arc::new(folder)
                })
                .clone()
        })
        .await
        .expect("a template")
}

fn postgres_clone(migrations: Vec<Migrations>) -> peers::Database {
    let name = name_of(&migrations);
    let server = peers::postgres();
    let template = server.template("testkit", &name, |url| migrate(url, Path::new("."), &migrations));
    server.clone_of(&template)
}

/// Migrates and closes, on a thread without a runtime.
fn migrate(url: &str, folder: &Path, migrations: &[Migrations]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let db = Db::open(Options::new(url, folder)).await.expect("an empty database");
        db.migrate(migrations).await.expect("migrations that run");
        db.close().await;
    });
}
