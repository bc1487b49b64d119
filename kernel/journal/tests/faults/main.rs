//! Planted faults: the tests of the journal must notice each of them. One process, one test: a fault is for all of it.

#![allow(clippy::disallowed_methods, reason = "a test has no task group")]
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test ends where something is wrong; it borrows from the others"
)]

#[path = "../it/late.rs"]
mod late;
#[path = "../it/place.rs"]
mod place;

use db::Engine;
use journal::faults::{Fault, set};
use place::{Place, subjects, workspace};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_faults_are_noticed() {
    let place = Place::on(Engine::Postgres).await;
    assert_eq!(late::follow(&place).await, ["first", "second"]);
    set(Fault::BySeqAlone, true);
    assert_eq!(late::follow(&place).await, ["second"], "the skipped event was not noticed");
    set(Fault::BySeqAlone, false);

    for engine in [Engine::Sqlite, Engine::Postgres] {
        let place = Place::on(engine).await;
        let (mine, other) = (workspace(), workspace());
        place.append(&mine, "mine").await;
        place.all(&mine, 1).await;
        set(Fault::EveryWorkspace, true);
        assert_eq!(subjects(&place.all(&other, 1).await), ["mine"], "the lost tenant was not noticed");
        set(Fault::EveryWorkspace, false);
    }
}
