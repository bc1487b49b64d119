//! Attacks that every operation has to withstand, tried on each of them.

use http::Method;
use serde_json::{Value, json};
use testkit::Answer;
use web::Rule;

use crate::house::{House, Operation};

/// What must not be in any answer: words of SQL, of the drivers and of the inside (A44).
fn tells_nothing(answer: &Answer, about: &str) {
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    for inside in
        ["sqlite", "postgres", "syntax error", "select ", "near \"", "column ", ".rs:", "panick", "/tmp/"]
    {
        assert!(!text.contains(inside), "{about}: {text}");
    }
}

/// The answer refuses, is not our own failure, and tells nothing.
fn refused(answer: &Answer, among: &[u16], about: &str) {
    let status = answer.status.as_u16();
    assert!(among.contains(&status), "{about}: {status} {}", String::from_utf8_lossy(&answer.body));
    tells_nothing(answer, about);
}

fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

testkit::on_both! {
    async fn a02_a_key_that_only_reads_changes_nothing(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let key = house.app.key(&house.owner, &["workspace:read", "status:read", "events:read"]).await;
        for one in house.operations().iter().filter(|one| one.writes() && one.rule != Rule::Anyone) {
            refused(&one.call(&key).await, &[403, 404], one.id);
        }
        let read = house.owner.get("/api/v1/auth/me").await;
        read.expect(200);
    }

    async fn a02_nobody_but_the_operator_has_the_installation(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let all = house.operations();
        let of_installation: Vec<&Operation> = all.iter().filter(|one| matches!(one.rule, Rule::Installation(_))).collect();
        assert!(!of_installation.is_empty());
        for one in of_installation {
            refused(&one.call(&house.owner).await, &[403], one.id);
            refused(&one.call(&house.app.anonymous()).await, &[401], one.id);
        }
    }

    async fn a03_without_a_workspace_there_is_nothing(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let administrator = house.app.administrator().await;
        // A key of the operator's works in every workspace, and in none unless the request names one.
        let names = ["status:read", "status:write", "events:read", "workspace:read"];
        let body = json!({"name": "k", "permissions": names, "all_workspaces": true});
        let made = administrator.post("/api/v1/auth/api-keys", body).await.expect(201);
        let nowhere = house.app.anonymous().with("x-api-key", &made.text("api_key"));
        for one in house.operations().iter().filter(|one| matches!(one.rule, Rule::Workspace(_) | Rule::Open(_))) {
            let answer = one.call(&nowhere).await;
            refused(&answer, &[403], one.id);
            assert_eq!(answer.code(), "no_workspace", "{}", one.id);
        }
    }

    async fn a03_a_workspace_of_others_in_the_header_is_refused(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let claims = house.owner.client.clone().with("x-workspace-id", &house.other.workspace);
        for one in house.operations().iter().filter(|one| one.rule != Rule::Anyone) {
            refused(&one.call(&claims).await, &[403], one.id);
        }
    }

    async fn a04_no_write_takes_what_it_was_not_asked_for(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let administrator = house.app.administrator().await;
        let mut tried = 0;
        for one in house.operations() {
            let Some(Value::Object(body)) = one.fixture().body.clone() else { continue };
            for name in ["id", "tenant_id", "workspace_id", "owner_id", "quota_used", "verified", "created_at", "version", "__proto__"] {
                let mut body = body.clone();
                body.insert(name.to_owned(), json!("x"));
                let client = if matches!(one.rule, Rule::Installation(_)) { &administrator } else { &house.owner };
                let ask = client.ask(one.method.clone(), &one.fixture().path).json(&body.into());
                refused(&ask.send().await, &[422], &format!("{} with {name}", one.id));
                tried += 1;
            }
        }
        assert!(tried >= 50, "{tried}");
    }

    async fn a05_a_list_sorts_and_shows_only_by_its_own_fields(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let lists: Vec<_> = house.operations().into_iter().filter(Operation::is_list).collect();
        assert!(lists.len() >= 7, "{}", lists.len());
        for one in lists {
            let path = &one.fixture().path;
            for query in [
                "sort=password", "sort=password_hash", "sort=-workspace", "sort=secret", "sort=id,nothing", "sort=people.email",
                "filter=id", "expand=workspace", "include=owner", "where=1", "q=x", "select=*", "fieldss=id",
            ] {
                refused(&house.owner.get(format!("{path}?{query}")).await, &[400], &format!("{} {query}", one.id));
            }
            let shown = house.owner.get(path).await.expect(200).json();
            if shown["items"].as_array().is_some_and(|items| !items.is_empty()) {
                for name in ["password", "secret", "key_hash", "items", "*"] {
                    let answer = house.owner.get(format!("{path}?fields={name}")).await;
                    refused(&answer, &[400], &format!("{} {name}", one.id));
                }
            }
        }
    }

    async fn a06_no_parameter_of_a_list_reaches_the_database_as_words(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let long = "x,".repeat(5_000);
        let deep = "(".repeat(10_000);
        let evil = [
            "'", "\"", "' OR '1'='1", "id; DROP TABLE people", "id--", "id/*", "1e308", "NaN", "-1", "0x1", "%", "_", "\0",
            "$.a", "\u{202e}", "id\r\nx", "99999999999999999999", "id desc", "(1)", &long, &deep,
        ];
        let strict = ["sort", "page", "page_size", "limit", "cursor", "include_total"];
        let mut tried = 0;
        let operator = house.app.administrator().await;
        for one in house.operations().iter().filter(|one| !one.writes() && one.has_an_end()) {
            let path = &one.fixture().path;
            let caller = if one.is_for_operators() { &operator } else { &house.owner };
            for name in one.queries() {
                for value in evil {
                    let answer = caller.get(format!("{path}?{name}={}", escaped(value))).await;
                    // A filter that nothing fits shows nothing; names of fields are compared with what is shown.
                    let among: &[u16] = if strict.contains(&name) { &[400, 431] } else { &[200, 400, 410, 431] };
                    refused(&answer, among, &format!("{} {name}={value:.30}", one.id));
                    tried += 1;
                }
            }
        }
        assert!(tried > 900, "{tried}");
    }

    async fn a08_a_tag_of_another_workspace_is_no_304(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let reads = house.operations().into_iter().filter(|one| !one.writes() && one.has_an_end());
        for one in reads.filter(|one| one.rule != Rule::Anyone) {
            let mine = one.call(&house.owner).await;
            let tag = mine.etag();
            if tag.is_empty() {
                continue;
            }
            let ask = house.other.ask(Method::GET, &one.fixture().path).header("if-none-match", &tag);
            let theirs = ask.send().await;
            assert!(theirs.status != 304 && theirs.etag() != tag, "{}: {:?}", one.id, theirs.headers);
        }
    }

    async fn a17_a_form_of_another_site_reaches_no_write(engine: Engine) {
        let house = House::start(engine, "Main").await;
        for one in house.operations() {
            let Some(body) = one.fixture().body.clone() else { continue };
            // These need no preflight, so a browser sends them from any page.
            for media in ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"] {
                let ask = house.owner.ask(one.method.clone(), &one.fixture().path).raw(media, body.to_string());
                refused(&ask.send().await, &[403, 415], &format!("{} as {media}", one.id));
            }
            // A cookie alone is no credential.
            if one.rule != Rule::Anyone {
                let ask = house.app.anonymous().ask(one.method.clone(), &one.fixture().path);
                let ask = ask.json(&body).header("cookie", "session=x; __Host-session=x").header("sec-fetch-site", "cross-site");
                refused(&ask.send().await, &[401, 403], one.id);
            }
        }
    }

    async fn a22_a_name_in_the_address_is_never_a_path(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let long = "a".repeat(300);
        let names = [
            "..", "..%2f..%2fetc%2fpasswd", "%252e%252e%252f", "..%5c..%5c", "%00", "a%00b", "C:", "C%3A%5Cx", "-rf", "--", &long,
            "%E2%80%AE", "%0d%0aX-Evil:1", "%22", "%27", ".", "%2e%2e", "%ff", "a%", "%c0%ae", "CON", "~",
        ];
        let operator = house.app.administrator().await;
        for one in house.operations().into_iter().filter(|one| one.template.contains('{')) {
            let (front, back) = one.template.split_once('{').unwrap();
            let (_, back) = back.split_once('}').unwrap();
            let back: Vec<_> = back.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
            let back = back.join("/");
            let caller = if one.is_for_operators() { &operator } else { &house.owner };
            for name in names {
                let ask = caller.ask(one.method.clone(), format!("{front}{name}{back}"));
                let ask = if let Some(body) = &one.fixture().body { ask.json(body) } else { ask };
                let answer = ask.send().await;
                refused(&answer, &[400, 404, 405, 422], &format!("{} {name:.20}", one.id));
                assert!(answer.headers.keys().all(|name| name.as_str() != "x-evil"));
            }
        }
    }

    async fn a27_ranges_are_not_served(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let many = format!("bytes={}", vec!["0-0"; 1_000].join(","));
        for range in ["bytes=0-0", "bytes=0-18446744073709551615", "bytes=-1", "bytes=5-1", &many] {
            let answer = house.owner.ask(Method::GET, "/api/v1/status").header("range", range).send().await.expect(200);
            assert!(answer.header("content-range").is_none() && answer.json()["services"].is_array(), "{range:.30}");
        }
    }

    async fn a29_hostile_json_is_refused_by_every_write(engine: Engine) {
        let house = House::start(engine, "Main").await;
        let administrator = house.app.administrator().await;
        let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
        let nested = format!("{{\"name\":{deep}}}");
        let bodies: [&[u8]; 10] = [
            deep.as_bytes(), nested.as_bytes(), br#"{"name":"a","name":"b"}"#, br#"{"name":1e999999}"#, br#"{"name":"\ud800"}"#,
            b"{\"name\":\"\xff\"}", b"\xef\xbb\xbf{}", b"[]", b"null", b"<!DOCTYPE x [<!ENTITY a \"b\">]>",
        ];
        for one in house.operations() {
            if one.fixture().body.is_none() {
                continue;
            }
            let client = if matches!(one.rule, Rule::Installation(_)) { &administrator } else { &house.owner };
            for body in bodies {
                let ask = client.ask(one.method.clone(), &one.fixture().path).raw("application/json", body.to_vec());
                let about = format!("{} {:.30}", one.id, String::from_utf8_lossy(body));
                refused(&ask.send().await, &[400, 422], &about);
            }
        }
    }

    async fn a38_nothing_that_was_sent_becomes_a_header(engine: Engine) {
        let house = House::start(engine, "Main").await;
        for one in house.operations().iter().filter(|one| !one.writes() && one.has_an_end()) {
            let ask = house.owner.ask(Method::GET, &one.fixture().path);
            let ask = ask.header("x-request-id", "a b\"<x>").header("if-none-match", "\"zzz-evil\"").header("origin", "https://evil.test");
            let answer = ask.send().await;
            for (name, value) in &answer.headers {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                assert!(!value.contains("evil") && !value.contains("<x>"), "{}: {name}: {value}", one.id);
            }
        }
    }

    async fn a41_no_operation_trusts_a_foreign_origin(engine: Engine) {
        let house = House::start(engine, "Main").await;
        for one in house.operations().iter().filter(|one| one.has_an_end()) {
            for origin in ["https://evil.test", "null"] {
                let ask = house.app.anonymous().ask(Method::OPTIONS, &one.fixture().path).header("origin", origin);
                let answer = ask.header("access-control-request-method", one.method.as_str()).send().await;
                refused(&answer, &[403], one.id);
                assert!(answer.header("access-control-allow-origin").is_none(), "{}", one.id);
            }
        }
    }

    async fn a42_a_parameter_of_a_list_comes_once(engine: Engine) {
        let house = House::start(engine, "Main").await;
        for one in house.operations().iter().filter(|one| !one.writes() && one.has_an_end()) {
            for query in ["limit=1&limit=2", "limit=1&l%69mit=1"] {
                let answer = house.owner.get(format!("{}?{query}", one.fixture().path)).await;
                refused(&answer, &[400], one.id);
                assert_eq!(answer.code(), "duplicate_parameter", "{}", one.id);
            }
        }
    }

    async fn a43_head_tells_no_more_than_get(engine: Engine) {
        let house = House::start(engine, "Main").await;
        for one in house.operations().iter().filter(|one| !one.writes() && one.has_an_end()) {
            for client in [&house.app.anonymous(), &house.other.client, &house.owner.client] {
                let path = &one.fixture().path;
                let (get, head) = (client.get(path).await, client.ask(Method::HEAD, path).send().await);
                assert_eq!((head.status, head.etag()), (get.status, get.etag()), "{}", one.id);
                assert!(head.body.is_empty() || !head.status.is_success(), "{}", one.id);
            }
            let ask = house.owner.ask(Method::GET, &one.fixture().path).header("x-http-method-override", "DELETE");
            assert_eq!(ask.send().await.status, one.call(&house.owner).await.status, "{}", one.id);
        }
    }
}
