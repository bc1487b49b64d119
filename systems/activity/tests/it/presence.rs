//! Who is there: on one node, and on two.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Engine;

use crate::house::{start, token};
use crate::sockets::Node;

testkit::on_both! {
    async fn who_comes_and_goes_is_told_to_those_who_are_there(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let node = Node::of(&app).await;
        let (first, second) = (token(&app, &owner.email).await, token(&app, &member.email).await);
        let mut watching = node.following(&first, &["status"], true).await;
        assert_eq!(watching.hear().await, snapshot(&[(&owner.id, 1)]));
        // Who only listens is not there.
        let _unseen = node.following(&second, &["status"], false).await;
        let mut other = node.following(&second, &["status"], true).await;
        let mut both = [(owner.id.as_str(), 1), (member.id.as_str(), 1)];
        both.sort_unstable();
        assert_eq!(other.hear().await, snapshot(&both));
        assert_eq!(watching.hear().await, news("join", &member.id, 1));
        let again = node.following(&second, &["status"], true).await;
        assert_eq!(watching.hear().await, news("join", &member.id, 2));
        assert_eq!(other.hear().await, news("join", &member.id, 2));
        drop(again);
        assert_eq!(watching.hear().await, news("leave", &member.id, 1));
        other.say(json!({"type": "unsubscribe", "topics": ["status"]})).await;
        assert_eq!(watching.hear().await, news("leave", &member.id, 0));
    }
}

#[test]
fn who_is_on_another_node_is_there_too() {
    testkit::block_on(async {
        let app = start(Engine::Postgres).await;
        let beside = app.beside(None).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let (node, far) = (Node::of(&app).await, Node::of(&beside).await);
        let (first, second) = (token(&app, &owner.email).await, token(&app, &member.email).await);
        let mut watching = node.following(&first, &["status"], true).await;
        assert_eq!(watching.hear().await, snapshot(&[(&owner.id, 1)]));
        let mut there = far.following(&second, &["status"], true).await;
        assert_eq!(watching.hear().await, news("join", &member.id, 1));
        // The far one sees the near one, in the snapshot or a moment later.
        let mut heard = there.hear().await;
        if heard["total"] == 1 {
            heard = there.hear().await;
        }
        assert!(heard.to_string().contains(&owner.id), "{heard}");
        drop(there);
        assert_eq!(watching.hear().await, news("leave", &member.id, 0));
        // A node that stops takes its people along.
        let _there = far.following(&second, &["status"], true).await;
        assert_eq!(watching.hear().await, news("join", &member.id, 1));
        beside.app.tasks().stop();
        assert_eq!(watching.hear().await, news("leave", &member.id, 0));
    });
}

#[test]
fn who_was_on_a_node_that_died_is_gone_soon() {
    testkit::block_on(async {
        let app = start(Engine::Postgres).await;
        let proxy = peers::Proxy::to(peers::postgres().port());
        let beside = app.beside(Some(&proxy)).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let (node, far) = (Node::of(&app).await, Node::of(&beside).await);
        let (first, second) = (token(&app, &owner.email).await, token(&app, &member.email).await);
        let mut watching = node.following(&first, &["status"], true).await;
        assert_eq!(watching.hear().await, snapshot(&[(&owner.id, 1)]));
        let _there = far.following(&second, &["status"], true).await;
        assert_eq!(watching.hear().await, news("join", &member.id, 1));
        // From now on that node says nothing to anybody.
        drop(proxy);
        app.clock().advance(Duration::from_secs(21));
        assert_eq!(watching.hear().await, news("leave", &member.id, 0));
    });
}

fn snapshot(present: &[(&str, u32)]) -> Value {
    let all: Vec<_> = present.iter().map(|(id, n)| json!({"principal": id, "connections": n})).collect();
    json!({"type": "snapshot", "topic": "status", "total": all.len(), "present": all})
}

fn news(kind: &str, principal: &str, connections: u32) -> Value {
    json!({"type": kind, "topic": "status", "principal": principal, "connections": connections})
}
