//! A database, a queue that hands mails over, and a mail server, for one test.

use std::sync::Arc;
use std::time::Duration;

use config::Settings;
use db::{Db, Engine, params};
use mail::{Address, Mailer, Message, Template};
use queue::{JobId, JobRow, Options, Queue, Retry, State};
use serde::Serialize;
use tasks::TaskGroup;
use types::{Actor, ActorKind, Error, Id, Result, Scope, Time, Trace, WorkspaceId};

pub(crate) struct Place {
    _folder: tempfile::TempDir,
    _database: Option<peers::Database>,
    pub(crate) db: Db,
    pub(crate) scope: Scope,
    pub(crate) mailer: Arc<Mailer>,
    tasks: TaskGroup,
}

pub(crate) const GREETING: Template = Template {
    name: "greeting",
    subject: "Hello {{ name }}",
    text: "{% extends \"layout.txt\" %}{% block body %}Hello {{ name }}: {{ link }}{% endblock %}",
    html: "{% extends \"layout.html\" %}{% block body %}<p>{{ name }}</p><a href=\"{{ link }}\">go</a>{% endblock %}",
};

#[derive(Serialize)]
pub(crate) struct Greeting<'a> {
    pub(crate) name: &'a str,
    pub(crate) link: &'a str,
}

pub(crate) fn greeting(to: Address, name: &str) -> Result<Message> {
    Message::new(to, &GREETING, &Greeting { name, link: "https://x.test/reset/token-1234" })
}

pub(crate) fn ordinary() -> Message {
    greeting(Address::parse("Zoë 漢字 <zoe@example.test>").unwrap(), "Zoë").unwrap()
}

/// Settings for a server on this machine that has no TLS.
pub(crate) fn plain(port: u16) -> String {
    format!(
        "[mail]\nurl = \"smtp://127.0.0.1:{port}\"\nfrom = \"The House <house@example.test>\"\ntls = \"never\"\ntimeout = \"700ms\"\n\
         rate = 60000\n"
    )
}

pub(crate) fn settings(text: &str) -> Settings {
    Settings::of_text(config::sections::KERNEL, text).unwrap()
}

impl Place {
    pub(crate) async fn on(engine: Engine, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = (engine == Engine::Postgres).then(|| peers::postgres().fresh_database());
        let url = database.as_ref().map_or("sqlite".to_owned(), |database| database.url.clone());
        let db = Db::open(db::Options { pool: 4, ..db::Options::new(url, folder.path()) }).await.unwrap();
        db.migrate(&[journal::MIGRATIONS, queue::MIGRATIONS]).await.unwrap();
        let mailer = Arc::new(Mailer::new(settings(text), db.clock().clone(), &[7; 32]));
        let tasks = TaskGroup::new();
        let mut kind = mail::registered(Arc::clone(&mailer));
        kind.retry =
            Retry { first: Duration::from_millis(50), ceiling: Duration::from_millis(50), ..kind.retry };
        let poll = Duration::from_millis(50);
        let options = Options { poll, grace: Duration::from_millis(300), ..Options::default() };
        Queue::start(&db, &tasks, vec![kind], Arc::new(()), options).await.unwrap();
        Self { _folder: folder, _database: database, db, scope: workspace(), mailer, tasks }
    }

    pub(crate) async fn send(&self, message: Message) -> JobId {
        self.asked(message, false).await.unwrap()
    }

    /// In a transaction that goes through or is rolled back.
    pub(crate) async fn asked(&self, message: Message, undone: bool) -> Result<JobId> {
        let args = (Arc::clone(&self.mailer), self.scope.clone(), message);
        let asked = self.db.write(args, move |tx, (mailer, scope, message)| {
            Box::pin(async move {
                let id = mailer.send(tx, scope, message).await?;
                if undone { Err(Error::not_found()) } else { Ok(id) }
            })
        });
        asked.await
    }

    pub(crate) async fn until(&self, id: JobId, state: State) -> JobRow {
        let mut last = None;
        for _ in 0..800 {
            let row = self
                .db
                .read((self.scope.clone(), id), |rx, (scope, id)| Box::pin(queue::get(rx, scope, *id)));
            let row = row.await.unwrap().expect("the job is there");
            if row.state == state {
                return row;
            }
            last = Some(row);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("never {state:?}: {last:?}");
    }

    /// Everything that the tables of the queue hold, as one text.
    pub(crate) async fn kept(&self) -> String {
        let rows = self.db.read((), |rx, ()| {
            Box::pin(async move {
                let mut all = rx.rows("SELECT payload AS text FROM jobs", params![]).await?;
                all.extend(rx.rows("SELECT says AS text FROM job_lines", params![]).await?);
                Ok(all)
            })
        });
        rows.await.unwrap().into_iter().map(|mut row| row.take::<String>("text").unwrap() + "\n").collect()
    }

    pub(crate) async fn stop(self) {
        assert_eq!(self.tasks.shutdown(Duration::from_secs(10)).await, Vec::<&str>::new());
    }
}

fn workspace() -> Scope {
    let actor =
        Actor { kind: ActorKind::Person, id: Some("per_x".into()), label: "owner@example.test".into() };
    let now = Time::from_millis(1_780_000_000_000);
    Scope::of_request(WorkspaceId(Id::at(now)), actor, Trace::default())
}

/// The head of a mail, with lines that were broken put together again.
pub(crate) fn head(mail: &str) -> Vec<String> {
    let (head, _) = mail.split_once("\r\n\r\n").expect("a mail has a head");
    head.replace("\r\n ", " ").replace("\r\n\t", " ").lines().map(str::to_owned).collect()
}

pub(crate) fn line(mail: &str, name: &str) -> String {
    let start = format!("{name}: ");
    let all: Vec<String> = head(mail).into_iter().filter(|line| line.starts_with(&start)).collect();
    assert_eq!(all.len(), 1, "{name}: {all:?}");
    all[0][start.len()..].to_owned()
}

/// A test on both engines.
#[macro_export]
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            async fn run($engine: db::Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(db::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(db::Engine::Postgres).await;
            }
        }
    )+ };
}
