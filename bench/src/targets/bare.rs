//! The least a web server on SQLite could do: axum and rusqlite, no sign-in, no workspace, no checks. Creating writes what
//! Mainstay's create must write (the event, its entry in a journal, the kept reply), one transaction after another.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::extract::{Path as Segment, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{Durability, Target, local, log_in};
use crate::place::Place;
use crate::process::Server;
use crate::raw::random;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS events (id TEXT NOT NULL PRIMARY KEY, service TEXT NOT NULL, status TEXT NOT NULL,
        description TEXT NOT NULL, created_at BIGINT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, payload TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS kept (key TEXT NOT NULL PRIMARY KEY, reply TEXT NOT NULL) WITHOUT ROWID;";

#[derive(Serialize, Deserialize)]
struct Event {
    #[serde(default)]
    id: String,
    service_id: String,
    status: String,
    description: String,
    #[serde(default)]
    created_at: i64,
}

struct Held {
    file: PathBuf,
    writer: Mutex<Connection>,
}

pub fn bare(place: &Place, durability: Durability) -> Target {
    let folder = place.folder("bare");
    let (address, log) = (local(), log_in(&folder));
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["serve-bare", &address.to_string(), durability.word()]).arg(folder.join("bare.db"));
    let mut server = Server::start(&mut command, &log);
    server.listens(address, &log);
    Target {
        name: "bare axum + rusqlite".into(),
        durability: durability.word().into(),
        address,
        path: "/events".into(),
        headers: Vec::new(),
        keyed: true,
        pids: vec![server.pid()],
        _server: server,
    }
}

fn open(file: &Path, synchronous: &str) -> Connection {
    let connection = Connection::open(file).expect("a database");
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("WAL");
    connection.pragma_update(None, "synchronous", synchronous).expect("synchronous");
    connection
}

/// The server itself, in a process of its own.
pub fn serve(address: SocketAddr, synchronous: &str, file: PathBuf) {
    let writer = open(&file, synchronous);
    writer.execute_batch(TABLES).expect("tables");
    let held = Arc::new(Held { file, writer: Mutex::new(writer) });
    let app = Router::new().route("/events", post(create)).route("/events/{id}", get(read)).with_state(held);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.expect("a listener");
        axum::serve(listener, app).await.expect("to serve");
    });
}

async fn create(
    State(held): State<Arc<Held>>,
    headers: HeaderMap,
    Json(mut event): Json<Event>,
) -> impl IntoResponse {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let work = tokio::task::spawn_blocking(move || {
        event.id = random::hex();
        event.created_at = random::now();
        let reply = serde_json::to_string(&event).expect("JSON");
        let mut writer = held.writer.lock().expect("the writer");
        insert(&mut writer, &event, &key, &reply).map(|()| reply)
    });
    let reply = work.await.expect("the thread").expect("a commit");
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], reply)
}

fn insert(writer: &mut Connection, event: &Event, key: &str, reply: &str) -> rusqlite::Result<()> {
    let tx = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        event.id,
        event.service_id,
        event.status,
        event.description,
        event.created_at
    ])?;
    tx.prepare_cached("INSERT INTO journal (kind, subject, payload) VALUES ('event.created', ?1, ?2)")?
        .execute(params![event.id, reply])?;
    tx.prepare_cached("INSERT INTO kept VALUES (?1, ?2)")?.execute(params![key, reply])?;
    tx.commit()
}

/// On the async worker itself, each with a connection of its own: nothing is quicker for a read by key.
async fn read(State(held): State<Arc<Held>>, Segment(id): Segment<String>) -> impl IntoResponse {
    thread_local!(static READER: RefCell<Option<Connection>> = const { RefCell::new(None) });
    let event = READER.with_borrow_mut(|reader| {
        let reader = reader.get_or_insert_with(|| open(&held.file, "NORMAL"));
        let mut statement = reader.prepare_cached(
            "SELECT id, service, status, description, created_at FROM events WHERE id = ?1",
        )?;
        statement.query_row([&id], |row| {
            Ok(Event {
                id: row.get(0)?,
                service_id: row.get(1)?,
                status: row.get(2)?,
                description: row.get(3)?,
                created_at: row.get(4)?,
            })
        })
    });
    match event {
        Ok(event) => Json(event).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
