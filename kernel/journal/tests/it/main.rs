//! The journal on both engines: order, isolation, what is gone, and the bell.

#![allow(clippy::unwrap_used, reason = "a test ends where something is wrong")]
#![allow(clippy::disallowed_methods, reason = "a test has no task group")]

mod late;
mod place;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use db::params;
use journal::audit::Sought;
use journal::{EventType, NewEvent, Position, Since, visible_kinds};
use place::{START, both, subjects, workspace};
use query::{List, Page, Paging, Signer, Sort};
use types::{Error, Installation, Kind, Origin, Permission, Result, Rights, Scope, Trace};

both! {
    async fn what_happened_is_read_in_order_and_resumed(place) {
        let scope = workspace();
        for subject in ["a", "b", "c", "d"] {
            place.append(&scope, subject).await;
        }
        let events = place.all(&scope, 4).await;
        assert_eq!(subjects(&events), ["a", "b", "c", "d"]);
        assert_eq!((events[0].version(), events[0].source.as_str(), events[0].occurred_at), (Some(3), "api", START));
        let rest = place.after(&scope, Since::Event(events[1].id), 1).await.unwrap();
        assert_eq!(subjects(&rest), ["c"]);
        let rest = place.after(&scope, rest[0].position, 10).await.unwrap();
        assert_eq!(subjects(&rest), ["d"]);
        assert!(place.after(&scope, Some(events[3].id), 10).await.unwrap().is_empty());
    }

    async fn what_was_rolled_back_never_happened(place) {
        let scope = workspace();
        let undone = place.db.write(scope.clone(), |tx, scope| Box::pin(async move {
            journal::append(tx, scope, NewEvent::new("thing.made", "undone")).await?;
            Err::<(), _>(Error::not_found())
        }));
        assert_eq!(undone.await.unwrap_err().kind(), Kind::NotFound);
        place.append(&scope, "done").await;
        assert_eq!(subjects(&place.all(&scope, 1).await), ["done"]);
    }

    async fn p15_another_workspace_sees_nothing(place) {
        let (mine, other) = (workspace(), workspace());
        let id = place.append(&mine, "mine").await;
        place.append(&other, "other").await;
        assert_eq!(subjects(&place.all(&mine, 1).await), ["mine"]);
        assert_eq!(subjects(&place.all(&other, 1).await), ["other"]);
        // An id of another workspace is answered like one that was never issued.
        let foreign = place.after(&other, Some(id), 10).await.unwrap_err();
        let random = place.after(&other, Some(journal::EventId::at(START)), 10).await.unwrap_err();
        assert_eq!((foreign.kind(), foreign.code()), (Kind::Gone, "events_expired"));
        assert_eq!(foreign.detail(), random.detail());
        assert!(timeline(&place, &other, "mine", "").await.unwrap().items().is_empty());
    }

    async fn a_timeline_is_of_one_thing_and_pages(place) {
        let scope = workspace();
        for n in 0..5 {
            place.append(&scope, "a").await;
            place.append(&scope, &format!("b{n}")).await;
        }
        let Page::Numbered(page) = timeline(&place, &scope, "a", "page=2&page_size=2").await.unwrap() else { panic!() };
        assert_eq!((page.items.len(), page.total, page.pages), (2, 5, 3));
        assert_eq!(page.items[0].actor.as_ref().unwrap().label, "owner@example.test");
        let Page::Keyset(first) = timeline(&place, &scope, "a", "limit=3&sort=-occurred_at").await.unwrap() else { panic!() };
        let next = format!("limit=3&sort=-occurred_at&cursor={}", first.next_cursor.unwrap());
        let Page::Keyset(second) = timeline(&place, &scope, "a", &next).await.unwrap() else { panic!() };
        let ids: Vec<_> = first.items.iter().chain(&second.items).map(|event| event.position).collect();
        assert!(ids.len() == 5 && ids.windows(2).all(|pair| pair[0] > pair[1]), "{ids:?}");
    }

    async fn strangers_learn_no_names(place) {
        let scope = workspace();
        place.append(&scope, "a").await;
        place.all(&scope, 1).await;
        let public = Scope::public(scope.workspace(), Trace::default());
        let events = place.after(&public, Since::Beginning, 10).await.unwrap();
        assert_eq!((events[0].actor.is_none(), &events[0].request_id, &events[0].trace_id), (true, &None, &None));
        assert!(!serde_json::to_string(&events).unwrap().contains("owner@example.test"));
    }

    async fn what_is_old_is_forgotten_from_the_beginning_on(place) {
        let scope = workspace();
        let old = place.append(&scope, "old").await;
        place.clock.advance(Duration::from_hours(14 * 24));
        let kept = place.append(&scope, "kept").await;
        place.append(&scope, "new").await;
        place.all(&scope, 3).await;
        let by = Installation::system("a test");
        let pruned = place.db.write(by.clone(), |tx, by| Box::pin(async move {
            journal::prune(tx, by, tx.now().minus(Duration::from_hours(13 * 24))).await
        }));
        assert_eq!(pruned.await.unwrap(), 1);
        assert_eq!(subjects(&place.all(&scope, 2).await), ["kept", "new"]);
        let gone = place.after(&scope, Some(old), 10).await.unwrap_err();
        assert_eq!((gone.kind(), gone.code()), (Kind::Gone, "events_expired"));
        assert_eq!(subjects(&place.after(&scope, Some(kept), 10).await.unwrap()), ["new"]);
    }

    async fn a_clock_that_was_far_ahead_holds_up_no_forgetting(place) {
        let origin = Origin { address: IpAddr::from([203, 0, 113, 7]), agent: "curl/8".into() };
        let trace = Trace { origin: Some(Arc::new(origin)), ..Trace::default() };
        let scope = Scope::of_request(place.home, types::Actor::anonymous(), trace);
        let (day, year) = (Duration::from_hours(24), Duration::from_hours(365 * 24));
        place.append(&scope, "old").await;
        place.clock.set(START.plus(year));
        // More than a batch of them, and none is old by its own time.
        let ahead = place.db.write(scope.clone(), |tx, scope| Box::pin(async move {
            for _ in 0..=journal::BATCH {
                journal::append(tx, scope, NewEvent::new("thing.made", "ahead")).await?;
            }
            Ok(())
        }));
        ahead.await.unwrap();
        place.clock.set(START);
        place.append(&scope, "old").await;
        place.clock.set(START.plus(3 * day));
        place.append(&scope, "new").await;
        // Not far ahead: it may be right by the clock of its node.
        place.clock.set(START.plus(4 * day));
        place.append(&scope, "soon").await;
        place.clock.set(START.plus(3 * day));
        place.all(&scope, journal::BATCH as usize + 5).await;
        let by = Installation::system("a test");
        let forget = || place.db.write(by.clone(), |tx, by| Box::pin(async move {
            journal::forget_origins(tx, by, tx.now().minus(Duration::from_hours(24))).await
        }));
        let batch = journal::BATCH as usize;
        assert_eq!([forget().await.unwrap(), forget().await.unwrap(), forget().await.unwrap()], [batch, 3, 0]);
        let named = place.db.read((), |rx, ()| Box::pin(async move {
            let sql = "SELECT subject FROM events WHERE client IS NOT NULL ORDER BY epoch, tx, seq";
            rx.rows(sql, params![]).await?.iter_mut().map(|row| Ok(row.take::<String>(0)?)).collect::<Result<Vec<_>>>()
        }));
        assert_eq!(named.await.unwrap(), ["new", "soon"]);
        let thin = || place.db.write(by.clone(), |tx, by| Box::pin(async move {
            journal::thin(tx, by, tx.now().minus(Duration::from_hours(24)), &["thing.made"]).await
        }));
        assert_eq!([thin().await.unwrap(), thin().await.unwrap(), thin().await.unwrap()], [batch, 3, 0]);
        let prune = || place.db.write(by.clone(), |tx, by| Box::pin(async move {
            journal::prune(tx, by, tx.now().minus(Duration::from_hours(24))).await
        }));
        assert_eq!([prune().await.unwrap(), prune().await.unwrap(), prune().await.unwrap()], [batch, 3, 0]);
        assert_eq!(subjects(&place.all(&scope, 2).await), ["new", "soon"]);
    }

    async fn what_is_for_the_audit_outlives_the_feed(place) {
        let scope = workspace();
        let old = place.append(&scope, "old").await;
        place.write_as(&scope, "thing.changed", "kept").await;
        place.clock.advance(Duration::from_hours(24));
        place.append(&scope, "new").await;
        place.all(&scope, 3).await;
        let by = Installation::system("a test");
        let thin = || place.db.write(by.clone(), |tx, by| Box::pin(async move {
            journal::thin(tx, by, tx.now().minus(Duration::from_hours(12)), &["thing.changed"]).await
        }));
        assert_eq!((thin().await.unwrap(), thin().await.unwrap()), (2, 0));
        assert_eq!(subjects(&place.all(&scope, 1).await), ["new"], "the feed begins behind what was taken out");
        assert_eq!(place.after(&scope, Some(old), 10).await.unwrap_err().code(), "events_expired");
        let kept = place.audit(&scope, Sought { kinds: place::KINDS.to_vec(), ..Sought::default() }).await;
        assert_eq!(kept.iter().map(|one| one.event.subject.as_str()).collect::<Vec<_>>(), ["kept", "new"]);
        // What is kept can no longer be followed from.
        assert_eq!(place.after(&scope, Some(kept[0].event.id), 10).await.unwrap_err().code(), "events_expired");
        assert_eq!(timeline(&place, &scope, "kept", "").await.unwrap().items().len(), 1);
    }

    async fn addresses_are_found_by_network_and_forgotten_first(place) {
        let scope = |address: [u8; 4]| {
            let origin = Origin { address: IpAddr::from(address), agent: "curl/8".into() };
            let trace = Trace { origin: Some(Arc::new(origin)), ..Trace::default() };
            Scope::of_request(place.home, types::Actor::anonymous(), trace)
        };
        let (here, there) = (scope([203, 0, 113, 7]), scope([198, 51, 100, 1]));
        place.append(&here, "here").await;
        place.append(&there, "there").await;
        place.all(&here, 2).await;
        let net = |first: &str, last: &str| Some((first.parse().unwrap(), last.parse().unwrap()));
        let sought = |network| Sought { kinds: place::KINDS.to_vec(), network, ..Sought::default() };
        let found = place.audit(&here, sought(net("203.0.113.0", "203.0.113.255"))).await;
        assert_eq!((found.len(), found[0].client, found[0].user_agent.as_deref()), (1, Some(IpAddr::from([203, 0, 113, 7])), Some("curl/8")));
        assert!(place.audit(&here, sought(net("2001:db8::", "2001:db8::ffff"))).await.is_empty());
        place.clock.advance(Duration::from_hours(1));
        let by = Installation::system("a test");
        let forget = || place.db.write(by.clone(), |tx, by| Box::pin(async move {
            journal::forget_origins(tx, by, tx.now()).await
        }));
        assert_eq!((forget().await.unwrap(), forget().await.unwrap()), (2, 0));
        let all = place.audit(&here, sought(None)).await;
        assert!(all.len() == 2 && all.iter().all(|one| one.client.is_none() && one.user_agent.is_none()));
    }

    async fn one_reader_reads_every_workspace_in_order(place) {
        let (one, other) = (workspace(), workspace());
        place.append(&one, "a").await;
        place.append(&other, "b").await;
        place.all(&other, 1).await;
        let by = Installation::system("a test");
        let all = place.db.read(by, |rx, by| Box::pin(journal::everywhere(rx, by, Position::BEGINNING, 10))).await.unwrap();
        let seen: Vec<_> = all.iter().map(|(workspace, event)| (workspace.unwrap(), event.subject.as_str())).collect();
        assert_eq!(seen, [(one.workspace(), "a"), (other.workspace(), "b")]);
        assert_eq!(Position::of(all[1].1.position.numbers()), all[1].1.position);
    }

    async fn after_a_restore_everything_new_comes_last(place) {
        let scope = workspace();
        let old = place.append(&scope, "brought along").await;
        // What was brought along was numbered by a server that had come further.
        place.db.write((), |tx, ()| Box::pin(async move {
            Ok(tx.execute("UPDATE events SET tx = 9000000000000000", params![]).await?)
        })).await.unwrap();
        let by = Installation::system("a test");
        place.db.write(by, |tx, by| Box::pin(journal::raise_epoch(tx, by))).await.unwrap();
        place.append(&scope, "new").await;
        assert_eq!(subjects(&place.all(&scope, 2).await), ["brought along", "new"], "what was brought along is there");
        for _ in 0..300 {
            let events = place.after(&scope, Some(old), 10).await.unwrap();
            if !events.is_empty() {
                assert_eq!(subjects(&events), ["new"]);
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the new event was never there");
    }

    async fn a_follower_passes_what_he_may_not_see(place) {
        let scope = workspace();
        for subject in ["a", "b"] {
            place.append(&scope, subject).await;
        }
        let all = place.all(&scope, 2).await;
        let follow = |kinds: &'static [&'static str], limit| {
            place.db.read((scope.clone(), kinds, limit), |rx, (scope, kinds, limit)| {
                Box::pin(journal::follow(rx, scope, Position::BEGINNING, kinds, *limit))
            })
        };
        let nothing = follow(&["thing.changed"], 10).await.unwrap();
        assert!(nothing.items.is_empty() && nothing.position == all[1].position);
        let first = follow(place::KINDS, 1).await.unwrap();
        assert_eq!((subjects(&first.items), first.position), (vec!["a"], all[0].position));
    }

    async fn the_bell_rings_for_an_event(place) {
        let tasks = tasks::TaskGroup::new();
        let journal = journal::Journal::start(&place.db, &tasks);
        let mut rings = journal.subscribe();
        tokio::time::sleep(Duration::from_millis(200)).await;
        rings.mark_unchanged();
        let scope = workspace();
        place.append(&scope, "a").await;
        tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                rings.changed().await.unwrap();
                if place.after(&scope, Since::Beginning, 1).await.unwrap().len() == 1 {
                    return;
                }
            }
        }).await.expect("a ring after which the event can be read");
        assert!(tasks.shutdown(Duration::from_secs(5)).await.is_empty());
    }

    async fn an_event_of_the_installation_is_in_no_workspace(place) {
        let by = Installation::system("a test");
        place.db.write(by.clone(), |tx, by| Box::pin(async move {
            journal::append_installation(tx, by, NewEvent::new("thing.made", "all").from("cli")).await
        })).await.unwrap();
        let scope = workspace();
        place.append(&scope, "a").await;
        assert_eq!(subjects(&place.all(&scope, 1).await), ["a"]);
        let list = list("", &scope);
        let page = place.db.read((by, list), |rx, (by, list)| Box::pin(async move {
            journal::timeline_installation(rx, by, "all", list).await
        })).await.unwrap();
        assert_eq!((page.items().len(), page.items()[0].source.as_str()), (1, "cli"));
    }
}

fn list(query: &str, scope: &Scope) -> List {
    let place = query::Place { workspace: Some(scope.workspace()), endpoint: "/t", filter: "" };
    List::parse(query, &journal::TIMELINE, &Signer::new(b"a secret"), place).unwrap()
}

async fn timeline(
    place: &place::Place,
    scope: &Scope,
    subject: &str,
    query: &str,
) -> Result<Page<journal::Event>> {
    let args = (scope.clone(), subject.to_owned(), list(query, scope));
    place
        .db
        .read(args, |rx, (scope, subject, list)| Box::pin(journal::timeline(rx, scope, subject, list)))
        .await
}

#[test]
fn a_kind_is_read_by_whoever_may() {
    const READ: Permission = Permission("secret:read");
    let types = [
        EventType { kind: "open.made", noun: "open", read: None, meaning: "" },
        EventType { kind: "secret.made", noun: "secret", read: Some(READ), meaning: "" },
    ];
    assert_eq!(visible_kinds(&types, None), ["open.made"]);
    assert_eq!(visible_kinds(&types, Some(&Rights::none())), ["open.made"]);
    assert_eq!(visible_kinds(&types, Some(&Rights::of(["secret:manage"]))), ["open.made", "secret.made"]);
    let _ = (Paging::default(), Sort::parse(None, &journal::TIMELINE).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_is_not_skipped() {
    let place = place::Place::on(db::Engine::Postgres).await;
    assert_eq!(late::follow(&place).await, ["first", "second"]);
}
