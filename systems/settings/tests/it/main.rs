//! Settings over HTTP, on both engines.

mod changes;
mod nodes;
mod reads;
mod refusals;

use config::{Flag, Secret, Settings, Sources};
use db::{Db, Read, params};
use serde_json::Value;
use testkit::{Answer, Engine, TestApp};
use web::System;

config::section! {
    /// A section for the tests.
    pub struct Sample as "sample" {
        /// A secret that can change.
        #[runtime]
        key: Secret = "",
        /// A number that can change.
        #[runtime]
        number: u32 = 1,
    }
}

const SAMPLE: System = System { name: "sample", sections: &[&Sample::SECTION], ..System::EMPTY };
const SETTINGS: &str = "/api/v1/settings";

/// The rest of what the tests need: cheap passwords, no limits that a test could meet, and two settings that are locked.
const FILE: &str = "[limits]\nsigned_in = 1000000\nsign_in = 1000000\n\
                    [identity]\npassword_memory_kib = 64\npassword_passes = 1\n";

fn systems() -> Vec<System> {
    vec![identity::system(), settings::system(), SAMPLE]
}

/// What a node is started with.
fn sources(folder: &std::path::Path) -> Sources {
    let file = folder.join("settings.toml");
    std::fs::write(&file, FILE).expect("the folder is ours");
    Sources {
        file: Some(file),
        env: vec![("MAINSTAY_LIMITS_REFRESH".to_owned(), "77".to_owned())],
        flags: vec![Flag::new("log.level", "warn", "--log-level")],
        ..Sources::default()
    }
}

fn layered() -> Settings {
    let folder = tempfile::tempdir().expect("a folder for the file");
    Settings::load(&web::sections(&systems()), sources(folder.path())).expect("the layers are sound")
}

async fn start(engine: Engine) -> TestApp {
    TestApp::of(engine, systems(), layered()).await
}

/// One setting of an answer.
fn item(answer: &Answer, key: &str) -> Value {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().find(|item| item["key"] == key).unwrap_or_else(|| panic!("{key} is not listed"))
}

/// What the journal says was changed: the setting and what is told of it.
async fn told(db: &Db) -> Vec<(String, Value)> {
    db.read((), |rx: &mut Read, ()| {
        Box::pin(async move {
            let sql = "SELECT subject, payload FROM events WHERE kind = 'setting.changed' ORDER BY seq";
            let mut told = Vec::new();
            for row in &mut rx.rows(sql, params![]).await? {
                let payload: String = row.take(1)?;
                told.push((row.take(0)?, serde_json::from_str(&payload).expect("JSON")));
            }
            Ok(told)
        })
    })
    .await
    .expect("the journal can be read")
}
