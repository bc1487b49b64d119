//! The audit: who did what, when and from where.

use std::net::IpAddr;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{Client, TestApp};

use crate::house::{EVENTS, feed, report, start, until, upkeep};

const AUDIT: &str = "/api/v1/audit";
const ALL: &str = "/api/v1/installation/audit";
const HERE: [u8; 4] = [203, 0, 113, 7];

async fn entries(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(format!("{AUDIT}?page_size=100&{query}")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

/// Renames the workspace, from an address and with a client of a name.
async fn rename(app: &TestApp, owner: &testkit::Person, name: &str, agent: &str) {
    let here = owner.client.clone().at(HERE).with("user-agent", agent);
    let path = format!("/api/v1/workspaces/{}", owner.workspace);
    here.patch(path, json!({"name": name})).await.expect(200);
    let _ = app;
}

testkit::on_both! {
    async fn it_says_who_did_what_when_and_from_where(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        rename(&app, &owner, "Another name", "curl/8.0").await;
        let found = &entries(&owner, "type=workspace.updated").await[0];
        assert_eq!((found["actor"]["id"].as_str(), found["actor"]["kind"].as_str()), (Some(owner.id.as_str()), Some("person")));
        assert_eq!((found["client"].as_str(), found["user_agent"].as_str()), (Some("203.0.113.7"), Some("curl/8.0")));
        assert_eq!((found["subject"].as_str(), found["workspace_id"].as_str()), (Some(owner.workspace.as_str()), Some(owner.workspace.as_str())));
        assert_eq!(found["data"]["name"], "Another name");
        assert!(found["request_id"].is_string() && found["occurred_at"].is_string());
    }

    async fn it_is_narrowed_by_who_what_when_and_where(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let before = app.clock().now();
        app.clock().advance(Duration::from_mins(1));
        rename(&app, &owner, "Second", "a").await;
        app.clock().advance(Duration::from_mins(1));
        let after = app.clock().now();
        for (query, there) in [
            (format!("actor={}", owner.id), true),
            ("actor=per_nobody".to_owned(), false),
            (format!("subject={}", owner.workspace), true),
            ("type=workspace.*".to_owned(), true),
            ("type=member.added".to_owned(), false),
            ("type=nothing".to_owned(), false),
            (format!("from={before}"), true),
            (format!("from={after}"), false),
            (format!("until={after}"), true),
            (format!("until={before}"), false),
            ("network=203.0.113.0/24".to_owned(), true),
            ("network=203.0.113.7".to_owned(), true),
            ("network=203.0.112.0/24".to_owned(), false),
            ("network=2001:db8::/32".to_owned(), false),
        ] {
            let found = entries(&owner, &query).await;
            let there_is = found.iter().any(|entry| entry["type"] == "workspace.updated");
            assert_eq!(there_is, there, "{query}");
        }
        for query in ["from=yesterday", "until=1", "network=x", "network=1.2.3.4/99", "format=xml", "workspace=x"] {
            owner.get(format!("{AUDIT}?{query}")).await.refused(400, "bad_parameter");
        }
        for query in ["format=csv&page=1", "format=jsonl&cursor=", "format=csv&sort=occurred_at"] {
            owner.get(format!("{AUDIT}?{query}")).await.refused(400, "bad_parameter");
        }
    }

    async fn it_pages_both_ways_and_newest_first(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for n in 0..5 {
            rename(&app, &owner, &format!("Name {n}"), "a").await;
        }
        let page = owner.get(format!("{AUDIT}?type=workspace.updated&page=2&page_size=2")).await.expect(200).json();
        assert_eq!((&page["total"], &page["items"][0]["data"]["name"]), (&5.into(), &"Name 2".into()));
        let first = owner.get(format!("{AUDIT}?type=workspace.updated&limit=3")).await.expect(200).json();
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = owner.get(format!("{AUDIT}?type=workspace.updated&limit=3&cursor={cursor}")).await.expect(200).json();
        let names: Vec<_> = [&first, &rest].iter().flat_map(|page| page["items"].as_array().unwrap()).map(|one| one["data"]["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Name 4", "Name 3", "Name 2", "Name 1", "Name 0"]);
    }

    async fn a30_a_table_of_it_holds_no_formula(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        rename(&app, &owner, "a,\"b\"", "=HYPERLINK(\"http://evil\")").await;
        let answer = owner.get(format!("{AUDIT}?format=csv")).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), (Some("no-store"), Some("nosniff")));
        let table = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(table.starts_with("id,type,subject,"), "{table}");
        assert!(table.contains("\"'=HYPERLINK(\"\"http://evil\"\")\""), "{table}");
        assert!(!table.contains(",\"=") && !table.contains("\n="), "{table}");
        let accepted = owner.ask(Method::GET, AUDIT).header("accept", "text/csv").send().await.expect(200);
        assert_eq!(accepted.body, table.as_bytes());
    }

    async fn lines_of_json_are_everything_however_much(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for n in 0..140 {
            report(&owner, if n % 2 == 0 { "degraded" } else { "operational" }).await;
        }
        let answer = owner.get(format!("{AUDIT}?format=jsonl")).await.expect(200);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let total = owner.get(format!("{AUDIT}?page_size=1")).await.expect(200).json()["total"].as_i64().unwrap();
        assert!(total > 280 && lines.len() == usize::try_from(total).unwrap(), "{total} {}", lines.len());
        let ids: std::collections::HashSet<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), lines.len());
        assert_eq!(lines[0]["type"], "workspace.created", "the oldest comes first");
    }

    async fn p15_a01_it_is_of_one_workspace_and_for_those_who_may(engine: Engine) {
        let app = start(engine).await;
        let (owner, other, member) = (app.owner("Main").await, app.owner("Other").await, app.member("Main").await);
        rename(&app, &owner, "Hidden name", "hidden-agent").await;
        for query in ["", "format=csv", "format=jsonl"] {
            let theirs = other.get(format!("{AUDIT}?{query}")).await.expect(200);
            let text = String::from_utf8_lossy(&theirs.body).into_owned();
            assert!(!text.contains("idden") && !text.contains(&owner.id), "{text}");
        }
        member.get(AUDIT).await.refused(403, "permission_needed");
        owner.get(ALL).await.refused(403, "permission_needed");
        app.anonymous().get(AUDIT).await.refused(401, "not_signed_in");
        // A key that may read the audit, and not what the events say.
        let key = app.key(&owner, &["audit:read"]).await;
        let found = &entries(&key, "type=workspace.updated").await[0];
        assert_eq!((&found["data"], found["actor"]["id"].as_str()), (&Value::Null, Some(owner.id.as_str())));
    }

    async fn an_operator_sees_rights_change_everywhere_and_not_what_is_said(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Elsewhere").await;
        report(&owner, "degraded").await;
        let operator = app.administrator().await;
        let page = operator.get(format!("{ALL}?workspace={}&page_size=100", owner.workspace)).await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        assert!(items.iter().any(|one| one["type"] == "member.added" && one["data"].is_null()), "{page}");
        assert!(items.iter().all(|one| one["workspace_id"] == owner.workspace.as_str() && one["type"] != "status_event.created"), "{page}");
        let sign_ins = operator.get(format!("{ALL}?type=session.created&actor={}", owner.id)).await.expect(200).json();
        assert!(sign_ins["items"][0]["data"].is_object(), "{sign_ins}");
        let file = operator.get(format!("{ALL}?format=jsonl")).await.expect(200);
        assert!(String::from_utf8_lossy(&file.body).contains("session.created"));
    }

    async fn a_sign_in_stands_in_the_audit_of_each_workspace_of_the_person(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let form = [("username", member.email.as_str()), ("password", "correct horse battery")];
        app.anonymous().at(HERE).ask(Method::POST, "/api/v1/auth/token").form(&form).send().await.expect(200);
        let found = entries(&owner, &format!("type=member.signed_in&subject={}&network=203.0.113.7", member.id)).await;
        assert_eq!((found.len(), found[0]["actor"]["id"].as_str()), (1, Some(member.id.as_str())));
        let other = app.owner("Other").await;
        assert!(entries(&other, &format!("subject={}", member.id)).await.is_empty());
        let feed = member.get(format!("{EVENTS}?limit=200")).await.expect(200).json().to_string();
        assert!(!feed.contains("member.signed_in"), "{feed}");
    }

    async fn refusals_are_counted_and_told_each_minute(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let there = member.client.clone().at(HERE);
        for _ in 0..3 {
            there.get(AUDIT).await.refused(403, "permission_needed");
        }
        let stranger = app.anonymous().at([198, 51, 100, 9]);
        for _ in 0..2 {
            let form = [("username", owner.email.as_str()), ("password", "not the password")];
            stranger.ask(Method::POST, "/api/v1/auth/token").form(&form).send().await.refused(401, "invalid_credentials");
        }
        upkeep(&app, "refused requests").await;
        upkeep(&app, "refused sign-ins").await;
        let found = entries(&owner, &format!("type=request.refused&actor={}&network=203.0.113.0/24", member.id)).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let data = &found[0]["data"];
        assert_eq!((&found[0]["subject"], &data["times"], &data["permission"]), (&"list_audit".into(), &3.into(), &"audit:read".into()));
        let operator = app.administrator().await;
        let all = operator.get(format!("{ALL}?type=sign_in.refused&network=198.51.100.9")).await.expect(200).json();
        assert_eq!((&all["items"][0]["data"]["times"], all["items"][0]["workspace_id"].is_null()), (&2.into(), true));
        assert!(!all.to_string().contains(&owner.email), "{all}");
    }

    async fn it_remembers_longer_than_the_feed_and_forgets_addresses_before(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        rename(&app, &owner, "Kept", "curl/8.0").await;
        report(&owner, "degraded").await;
        let old = feed(&owner, "workspace.updated", 1).await[0]["id"].as_str().unwrap().to_owned();
        let after = async |days: u64| {
            app.clock().advance(Duration::from_hours(24 * days));
            upkeep(&app, "old events").await;
            let token = crate::house::token(&app, &owner.email).await;
            app.anonymous().bearer(&token)
        };
        let reader = after(15).await;
        reader.get(format!("{EVENTS}?after={old}")).await.refused(410, "events_expired");
        let rest = reader.get(format!("{EVENTS}?limit=200")).await.expect(200).json().to_string();
        assert!(!rest.contains("workspace.updated"), "what is kept for the audit is not in the feed: {rest}");
        let kept = entries(&reader, "type=workspace.updated").await;
        assert_eq!(kept[0]["client"], "203.0.113.7");
        assert!(entries(&reader, "type=status_event.created").await.is_empty(), "it is not for the audit");
        let reader = after(80).await;
        let kept = entries(&reader, "type=workspace.updated").await;
        assert_eq!((&kept[0]["client"], &kept[0]["user_agent"]), (&Value::Null, &Value::Null));
        assert!(entries(&reader, "network=203.0.113.0/24").await.is_empty());
        let reader = after(310).await;
        assert!(entries(&reader, "type=workspace.updated").await.is_empty());
    }

    async fn a_timeline_says_no_address(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        rename(&app, &owner, "Kept", "a-secret-agent").await;
        let events = until("the event is in the feed", async || {
            let page = owner.get(format!("{EVENTS}?limit=200")).await.expect(200).json().to_string();
            page.contains("workspace.updated").then_some(page)
        })
        .await;
        assert!(!events.contains("203.0.113.7") && !events.contains("a-secret-agent"), "{events}");
        let _: IpAddr = HERE.into();
    }
}
