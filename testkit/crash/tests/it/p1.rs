//! P1: `kill -9` under load loses nothing that was acknowledged.

use crash::{Engine, Ledger, Load, Place, Target, Writers, verify};

#[test]
fn p1_smoke() {
    let place = Place::on(Engine::Sqlite);
    let mut server = place.start();
    let target = Target::new(server.set_up());
    let ledger = std::sync::Arc::new(Ledger::new(place.beside("ledger")));
    target.set(&[server.address]);
    let writers = Writers::begin(&target, &ledger, Load::default());
    for _ in 0..5 {
        writers.wait_acked(100, std::time::Duration::from_secs(20));
        server.kill();
        let began = std::time::Instant::now();
        server = place.start();
        println!("start {:?} acked {}", began.elapsed(), writers.acked());
        target.set(&[server.address]);
    }
    let tally = writers.stop();
    server.kill();
    println!("{tally:?}");
    let verdict = verify(&place, &ledger);
    println!("{verdict}");
    verdict.expect_clean();
}
