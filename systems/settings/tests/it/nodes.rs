//! Other nodes, and starts after a change.

use config::Settings;
use config::sections::Limits;
use db::{Tx, params};
use serde_json::json;
use testkit::TestApp;
use web::{App, Extensions, Faults, Keys, Parts};

use crate::{SETTINGS, Sample, item, layered, start, systems};

/// A second node on the same database.
fn node(app: &TestApp) -> App {
    let tasks = tasks::TaskGroup::new();
    let parts = Parts {
        db: app.db().clone(),
        journal: journal::Journal::start(app.db(), &tasks),
        settings: layered(),
        tasks,
        counters: cache::Counters::in_memory(10),
        outbound: app.app.outbound().clone(),
        keys: Keys::new(b"the secret of a test installation"),
        authenticate: None,
        directory: None,
        extensions: Extensions::default(),
        faults: Faults::default(),
        systems: systems(),
    };
    App::new(parts).expect("a second node")
}

async fn turn(node: &App) {
    let upkeep = settings::system().upkeep[0];
    assert!(upkeep.every <= std::time::Duration::from_secs(1), "other nodes follow within a second");
    (upkeep.run)(node.clone()).await.expect("the settings can be read");
}

testkit::on_both! {
    async fn another_node_follows_at_its_next_turn(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let other = node(&app);
        let _ = admin.patch(SETTINGS, json!({"limits.anonymous": 5})).await.expect(200);
        assert_eq!(other.settings().get::<Limits>().anonymous, 600);
        turn(&other).await;
        assert_eq!(other.settings().get::<Limits>().anonymous, 5);
        let mut changes = other.settings().changes();
        turn(&other).await;
        assert!(!changes.has_changed().expect("the settings live"), "nothing new");
        let _ = admin.patch(SETTINGS, json!({"limits.anonymous": null})).await.expect(200);
        turn(&other).await;
        assert_eq!(other.settings().get::<Limits>().anonymous, 600);
        assert!(changes.borrow_and_update().gt(&0));
    }

    async fn a_start_finds_what_was_changed(engine: Engine) {
        let app = start(engine).await;
        let _ = app.administrator().await.patch(SETTINGS, json!({"sample.number": 9})).await.expect(200);
        let fresh = layered();
        assert!(settings::adopt(app.db(), &fresh).await.expect("the settings can be read").is_empty());
        assert_eq!(fresh.get::<Sample>().number, 9);
    }

    async fn a_lock_that_came_later_wins_over_what_was_changed(engine: Engine) {
        let app = start(engine).await;
        let _ = app.administrator().await.patch(SETTINGS, json!({"sample.number": 9})).await.expect(200);
        let env = vec![("MAINSTAY_SAMPLE_NUMBER".to_owned(), "3".to_owned())];
        let sources = config::Sources { env, ..config::Sources::default() };
        let locked = Settings::load(&web::sections(&systems()), sources).expect("sound");
        settings::adopt(app.db(), &locked).await.expect("the settings can be read");
        assert_eq!(locked.get::<Sample>().number, 3);
    }

    async fn what_this_version_does_not_know_stands_in_nobodys_way(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        app.db()
            .write((), |tx: &mut Tx, ()| Box::pin(async move {
                for (key, value) in [("gone.long", "1"), ("limits.anonymous", "\"was text once\"")] {
                    let sql = "INSERT INTO settings (key, value, updated_at, updated_by, revision) VALUES ($1, $2, 1, 'x', 4)";
                    tx.execute(sql, params![key, value]).await?;
                }
                Ok(())
            }))
            .await
            .expect("two rows of an older version");
        let read = admin.get(SETTINGS).await.expect(200);
        assert_eq!((read.json()["revision"].clone(), item(&read, "limits.anonymous")["value"].clone()), (json!(4), json!(600)));
        let changed = admin.patch(SETTINGS, json!({"sample.number": 9})).await.expect(200);
        assert_eq!((changed.json()["revision"].clone(), item(&changed, "sample.number")["value"].clone()), (json!(5), json!(9)));
        let fresh = layered();
        assert_eq!(settings::adopt(app.db(), &fresh).await.expect("the settings can be read").len(), 2);
        assert_eq!(fresh.get::<Sample>().number, 9);
    }
}
