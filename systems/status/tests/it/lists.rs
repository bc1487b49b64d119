//! Lists: both ways to page, order, filters.

use super::{EVENTS, post_report, start};
use testkit::Client;

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(format!("{EVENTS}?{query}")).await.expect(200).json();
    let items = page["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn seven(app: &testkit::TestApp, client: &Client) -> Vec<String> {
    let mut made = Vec::new();
    for n in 0..7 {
        let status = if n % 2 == 0 { "degraded" } else { "operational" };
        made.push(post_report(client, if n < 3 { "api" } else { "mail" }, status).await.text("id"));
        app.clock().advance(std::time::Duration::from_millis(5));
    }
    made.reverse();
    made
}

testkit::on_both! {
    async fn check_24_numbered_pages(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let newest_first = seven(&app, &owner).await;
        assert_eq!(ids(&owner, "").await, newest_first);
        assert_eq!(ids(&owner, "page=1&page_size=3").await, newest_first[..3]);
        assert_eq!(ids(&owner, "page=3&page_size=3").await, newest_first[6..]);
        let beyond = owner.get(format!("{EVENTS}?page=4&page_size=3")).await.expect(200).json();
        assert_eq!((beyond["items"].as_array().map(Vec::len), &beyond["total"], &beyond["pages"]), (Some(0), &7.into(), &3.into()));
        for bad in ["page=0", "page_size=0", "page_size=101", "page=x", "page=1&cursor=", "page=1&page=2", "nonsense=1", "sort=secret"] {
            owner.get(format!("{EVENTS}?{bad}")).await.expect(400);
        }
    }

    async fn check_24_a_cursor_goes_forward_and_back(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let newest_first = seven(&app, &owner).await;
        let mut seen = Vec::new();
        let mut cursor = String::new();
        let last = loop {
            let page = owner.get(format!("{EVENTS}?limit=3&cursor={cursor}")).await.expect(200).json();
            seen.extend(page["items"].as_array().into_iter().flatten().map(|item| item["id"].as_str().unwrap_or_default().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break page,
            }
        };
        assert_eq!(seen, newest_first);
        assert_eq!((&last["has_more"], last.get("total")), (&false.into(), None));
        let back = last["prev_cursor"].as_str().unwrap_or_default();
        assert_eq!(ids(&owner, &format!("limit=3&cursor={back}")).await, newest_first[3..6]);
        let counted = owner.get(format!("{EVENTS}?limit=1&include_total=true")).await.json();
        assert_eq!(counted["total"], 7);
    }

    async fn a07_a_cursor_is_good_for_one_list_only(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        seven(&app, &owner).await;
        seven(&app, &other).await;
        let page = owner.get(format!("{EVENTS}?limit=2")).await.json();
        let cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
        owner.get(format!("{EVENTS}?limit=2&cursor={cursor}")).await.expect(200);
        other.get(format!("{EVENTS}?limit=2&cursor={cursor}")).await.refused(400, "bad_cursor");
        for query in ["service_id=api", "sort=created_at", "status=degraded"] {
            owner.get(format!("{EVENTS}?limit=2&{query}&cursor={cursor}")).await.refused(400, "bad_cursor");
        }
        for at in 0..cursor.len() {
            let mut tampered = cursor.clone().into_bytes();
            tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8_lossy(&tampered).into_owned();
            owner.get(format!("{EVENTS}?limit=2&cursor={tampered}")).await.refused(400, "bad_cursor");
        }
    }

    async fn filters_narrow_and_refuse_what_they_do_not_know(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let newest_first = seven(&app, &owner).await;
        assert_eq!(ids(&owner, "service_id=api").await, newest_first[4..]);
        assert_eq!(ids(&owner, "status=operational").await.len(), 3);
        assert_eq!(ids(&owner, "service_id=none").await.len(), 0);
        assert_eq!(ids(&owner, "sort=created_at&page_size=1").await, newest_first[6..]);
        owner.get(format!("{EVENTS}?status=broken")).await.expect(400);
        for evil in ["%27", "%25", "%00", "x%27%20OR%201%3D1--"] {
            let answer = owner.get(format!("{EVENTS}?service_id={evil}")).await;
            assert!(matches!(answer.status.as_u16(), 200 | 400), "{evil}: {}", answer.status);
            assert!(answer.status != 200 || answer.json()["total"] == 0, "{evil}");
        }
    }
}
