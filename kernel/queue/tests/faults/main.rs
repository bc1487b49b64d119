//! Planted faults: the tests of the queue must notice each of them. One process, one test: a fault is for all of it.

#![allow(clippy::disallowed_methods, reason = "a test has no task group")]
#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_macros,
    reason = "a test ends where something is wrong; it borrows from the others"
)]

#[path = "../it/place.rs"]
mod place;
#[path = "../it/stalled.rs"]
mod stalled;

use db::Engine;
use place::{Place, QUICK, REFUSED, job, workspace};
use queue::State;
use queue::faults::{Fault, set};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_faults_are_noticed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        set(Fault::NoFencing, true);
        let (refused, notes) = stalled::late_finish(&Place::on(engine).await).await;
        set(Fault::NoFencing, false);
        assert_eq!((refused, notes.len()), (0, 2), "the second effect was not noticed");

        set(Fault::AckBeforeEffect, true);
        let place = Place::on(engine).await;
        let scope = workspace();
        let node = place.node(QUICK).await;
        let id = place.enqueue(&scope, job(&REFUSED, "effect")).await;
        place.until(&scope, id, State::Done).await;
        node.stop().await;
        assert!(place.notes().await.is_empty(), "the lost effect was not noticed");
        set(Fault::AckBeforeEffect, false);
    }
}
