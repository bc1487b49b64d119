//! The change feed.

use std::time::Duration;

use crate::house::{EVENTS, feed, report, start};

const CREATED: &str = "status_event.created";

testkit::on_both! {
    async fn the_feed_is_followed_from_event_to_event(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let reported = report(&owner, "degraded").await.text("id");
        report(&owner, "operational").await;
        let events = feed(&owner, CREATED, 2).await;
        assert_eq!((&events[0]["subject"], &events[0]["data"]["status"]), (&reported.into(), &"degraded".into()));
        let after = events[0]["id"].as_str().unwrap();
        let rest = owner.get(format!("{EVENTS}?after={after}&limit=1")).await.expect(200).json();
        assert_eq!((&rest["items"].as_array().unwrap().len(), &rest["has_more"]), (&1, &true.into()));
        let last = rest["last"].as_str().unwrap();
        let rest = owner.get(format!("{EVENTS}?after={last}")).await.expect(200).json();
        let end = rest["last"].as_str().unwrap();
        assert_eq!((rest["items"].as_array().unwrap().last().unwrap()["type"].as_str(), &rest["has_more"]), (Some(CREATED), &false.into()));
        let nothing = owner.get(format!("{EVENTS}?after={end}")).await.expect(200).json();
        assert_eq!((nothing["items"].as_array().unwrap().len(), nothing["last"].as_str()), (0, Some(end)));
    }

    async fn a01_another_workspace_reads_nothing_of_it(engine: Engine) {
        let app = start(engine).await;
        let (owner, outsider) = (app.owner("Main").await, app.owner("Other").await);
        report(&owner, "degraded").await;
        let id = feed(&owner, CREATED, 1).await[0]["id"].as_str().unwrap().to_owned();
        let theirs = outsider.get(format!("{EVENTS}?limit=200")).await.expect(200).json().to_string();
        assert!(!theirs.contains(CREATED) && !theirs.contains(&owner.email), "{theirs}");
        outsider.get(format!("{EVENTS}?after={id}")).await.refused(410, "events_expired");
        app.anonymous().get(EVENTS).await.refused(401, "not_signed_in");
    }

    async fn what_one_may_not_see_is_not_in_the_feed(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        report(&owner, "degraded").await;
        feed(&owner, CREATED, 1).await;
        let key = app.key(&owner, &["events:read"]).await;
        let page = key.get(format!("{EVENTS}?limit=200")).await.expect(200).json();
        let declared = app.app.systems().iter().flat_map(|system| system.events);
        let open: Vec<_> = declared.filter(|event| event.read.is_none()).map(|event| event.kind).collect();
        let kinds: Vec<_> = page["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert!(kinds.contains(&CREATED) && kinds.iter().all(|kind| open.contains(kind)), "{kinds:?}");
        let none = app.key(&owner, &["status:read"]).await;
        none.get(EVENTS).await.refused(403, "permission_needed");
    }

    async fn what_is_not_kept_any_more_is_gone(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        report(&owner, "degraded").await;
        let old = feed(&owner, CREATED, 1).await[0]["id"].as_str().unwrap().to_owned();
        app.clock().advance(Duration::from_hours(14 * 24 + 1));
        let upkeep = app.app.systems().iter().flat_map(|system| system.upkeep).find(|upkeep| upkeep.name == "old events").unwrap();
        (upkeep.run)(app.app.clone()).await.unwrap();
        let token = crate::house::token(&app, &owner.email).await;
        let owner = app.anonymous().bearer(&token);
        owner.get(format!("{EVENTS}?after={old}")).await.refused(410, "events_expired");
    }

    async fn bad_parameters_are_named(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for query in ["after=evt_1", "after=", "limit=0", "limit=201", "aftre=x"] {
            owner.get(format!("{EVENTS}?{query}")).await.refused(400, "bad_parameter");
        }
        owner.get(format!("{EVENTS}?limit=5&limit=6")).await.refused(400, "duplicate_parameter");
    }
}
