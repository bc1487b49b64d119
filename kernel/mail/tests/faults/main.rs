//! Planted faults: the tests of mail must notice each of them. One process, one test: a fault is for all of it.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_macros,
    reason = "a test ends where something is wrong; it borrows from the others"
)]

#[path = "../it/delivery.rs"]
mod delivery;
#[path = "../it/place.rs"]
mod place;

use config::sections::Mail;
use mail::Mailer;
use mail::faults::{Fault, set};
use peers::{Smtp, Turn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_faults_are_noticed() {
    for engine in [db::Engine::Sqlite, db::Engine::Postgres] {
        set(Fault::OtherId, true);
        let (first, second) = delivery::lost_answer(engine).await;
        set(Fault::OtherId, false);
        assert_ne!(place::line(&first, "Message-ID"), place::line(&second, "Message-ID"));
    }
    set(Fault::HearAnybody, true);
    let server = Smtp::start(&[Turn::Inject]).await;
    let text = place::plain(server.address.port()).replace("never", "required");
    let found = Mailer::look(&place::settings(&text).get::<Mail>()).await;
    set(Fault::HearAnybody, false);
    assert_ne!(found.unwrap_err().code(), "mail_out_of_turn");
}
