//! P15: every operation of every system that names a thing, tried by everybody who may not know of it.

use testkit::matrix::{Fixture, Stranger, try_all};
use web::Fault;

use crate::house::House;

async fn findings(house: &House, home: &str) -> Vec<String> {
    let House { app, owner, other, .. } = house;
    let mut fixtures = House::fixtures(&house.operations());
    // A service of nobody is `unknown` to everybody: the slug is the caller's own word.
    let slug = "/api/v1/status/services/NONE";
    fixtures.insert("get_service", Fixture::new(slug, slug));
    let all = ["workspace:read", "members:manage", "api_keys:write", "status:read", "status:write"];
    let strangers = [
        Stranger { name: "anonymous", client: app.anonymous() },
        Stranger { name: "outsider", client: other.client.clone() },
        Stranger { name: "key of another workspace", client: app.key(other, &all).await },
        Stranger { name: "key without a scope", client: app.key(other, &["events:read"]).await },
        Stranger { name: "suspended", client: app.suspended(home).await.client },
        Stranger {
            name: "outsider who names the workspace",
            client: other.client.clone().with("x-workspace-id", &owner.workspace),
        },
    ];
    let systems: Vec<_> = app.app.systems().iter().map(|system| system.name).collect();
    try_all(app, &systems, &fixtures, &strangers).await
}

testkit::on_both! {
    async fn p15_a01_no_stranger_learns_of_anything_in_the_house(engine: Engine) {
        let house = House::start(engine, "Hidden").await;
        let findings = findings(&house, "Hidden").await;
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }

    async fn p15_the_matrix_of_the_house_can_fail(engine: Engine) {
        let house = House::start(engine, "Main").await;
        house.app.faults.plant(Fault::OneWorkspace);
        let findings = findings(&house, "Main").await;
        assert!(findings.iter().any(|found| found.contains("outsider")), "the planted fault was not seen");
    }

    async fn p15_the_owner_is_no_stranger_and_every_noun_has_a_fixture(engine: Engine) {
        let house = House::start(engine, "Hidden").await;
        let operator = house.app.administrator().await;
        let reads = house.operations().into_iter().filter(|one| one.template.contains('{') && !one.writes());
        for one in reads.filter(|one| !one.is_on_the_way()) {
            let caller = if one.is_for_operators() { &operator } else { &house.owner };
            one.call(caller).await.expect(200);
        }
        let without: Vec<_> = house.operations().into_iter().filter(|one| one.fixture.is_none()).map(|one| one.id).collect();
        assert!(without.is_empty(), "no fixture: {without:?}");
    }
}
