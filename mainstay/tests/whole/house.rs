//! The house with one workspace that has everything in it, and how each operation is called on it.

use std::collections::HashMap;

use http::Method;
use serde_json::{Value, json};
use testkit::matrix::Fixture;
use testkit::{Answer, Client, Engine, TestApp};
use web::Rule;

use crate::systems;

const NONE: &str = "01j00000000000000000000000";

pub(crate) struct House {
    pub(crate) app: TestApp,
    pub(crate) owner: testkit::Person,
    pub(crate) other: testkit::Person,
    things: Vec<Thing>,
}

/// Something with an address: the template up to its parameter, an id that is there and one that never was.
struct Thing {
    template: &'static str,
    id: String,
    nowhere: String,
}

/// One operation and how it is called.
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    pub(crate) template: String,
    pub(crate) rule: Rule,
    /// `None` when nobody said what its parameters stand for.
    pub(crate) fixture: Option<Fixture>,
    /// What the document says of it.
    pub(crate) described: Value,
}

impl House {
    /// `home` is the workspace that strangers are kept out of.
    pub(crate) async fn start(engine: Engine, home: &str) -> Self {
        let app = TestApp::start(engine, systems::all()).await;
        let owner = app.owner(home).await;
        let member = app.member(home).await;
        let other = app.owner("Other").await;
        let report = json!({"service_id": "api", "status": "degraded", "description": "x"});
        let event = owner.post("/api/v1/status/events", report).await.expect(201).text("id");
        let body = json!({"name": "k", "permissions": ["workspace:read"]});
        let key = owner.post("/api/v1/auth/api-keys", body).await.expect(201).text("id");
        let body = json!({"name": "a", "permissions": ["workspace:read"]});
        let account = owner.post("/api/v1/service-accounts", body).await.expect(201).text("id");
        let sessions = owner.get("/api/v1/auth/sessions").await.expect(200).json();
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        let hook = json!({"url": "https://hooks.example.com/", "types": ["*"]});
        let webhook = owner.post("/api/v1/webhooks", hook).await.expect(201).text("id");
        let test = owner.post(format!("/api/v1/webhooks/{webhook}/test"), json!({})).await;
        let delivery = test.expect(200).text("id");
        let (job, of_all) = rest(&app, &owner.workspace).await;
        let identity = sign_in_elsewhere(&app, &owner.id).await;
        let passkey = passkey(&app, &owner.id).await;
        let thing = |template, id: &str, prefix: &str| Thing {
            template,
            id: id.to_owned(),
            nowhere: format!("{prefix}{}", if prefix.is_empty() { "none" } else { NONE }),
        };
        let things = vec![
            thing("/api/v1/auth/sessions/{id}", &session, "ses_"),
            thing("/api/v1/auth/api-keys/{id}", &key, "key_"),
            thing("/api/v1/service-accounts/{id}", &account, "sva_"),
            thing("/api/v1/workspaces/{id}", &owner.workspace, "wsp_"),
            thing("/api/v1/workspaces/{id}/members/{person_id}", &member.id, "per_"),
            thing("/api/v1/people/{id}", &member.id, "per_"),
            thing("/api/v1/auth/sso/{provider}", "house", ""),
            thing("/api/v1/auth/sso/identities/{id}", &identity, "idn_"),
            thing("/api/v1/sso/providers/{name}", "house", ""),
            thing("/api/v1/status/events/{id}", &event, "ste_"),
            thing("/api/v1/status/services/{slug}", "api", ""),
            thing("/api/v1/webhooks/{id}", &webhook, "whk_"),
            thing("/api/v1/webhooks/{id}/deliveries/{delivery_id}", &delivery, "whd_"),
            thing("/api/v1/jobs/{id}", &job, "job_"),
            thing("/api/v1/installation/jobs/{id}", &of_all, "job_"),
            thing("/api/v1/queues/{name}", "upkeep", ""),
            thing("/api/v1/auth/passkeys/{id}", &passkey, "pky_"),
            thing("/api/v1/people/{id}", &member.id, "per_"),
        ];
        Self { app, owner, other, things }
    }

    /// Every operation of every system, as the access table has them.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let document = self.app.app.document();
        let entries = self.app.app.access().entries().into_iter();
        entries
            .map(|(path, method, access)| {
                let described = document["paths"][path][method.as_str().to_lowercase()].clone();
                let body = json_body(document, &described);
                Operation {
                    id: access.operation,
                    method: method.clone(),
                    template: path.to_owned(),
                    rule: access.rule,
                    fixture: self.fixture(path, body),
                    described,
                }
            })
            .collect()
    }

    fn fixture(&self, template: &str, body: Option<Value>) -> Option<Fixture> {
        let (mut path, mut nowhere) = (template.to_owned(), template.to_owned());
        for thing in &self.things {
            let (front, parameter) = thing.template.rsplit_once('/')?;
            let here = template == thing.template || template.starts_with(&format!("{}/", thing.template));
            if here && front.len() < template.len() {
                path = path.replacen(parameter, &thing.id, 1);
                nowhere = nowhere.replacen(parameter, &thing.nowhere, 1);
            }
        }
        let fixture = Fixture::new(path.clone(), nowhere);
        (!path.contains('{')).then(|| match body {
            Some(body) => fixture.body(body),
            None => fixture,
        })
    }

    /// The fixtures by operation, for the matrix.
    pub(crate) fn fixtures(operations: &[Operation]) -> HashMap<&'static str, Fixture> {
        operations.iter().filter_map(|one| Some((one.id, one.fixture.clone()?))).collect()
    }
}

impl Operation {
    pub(crate) fn writes(&self) -> bool {
        self.method != Method::GET
    }

    pub(crate) fn fixture(&self) -> &Fixture {
        self.fixture.as_ref().unwrap_or_else(|| panic!("{} has no fixture", self.id))
    }

    /// Whether its answer comes whole: a stream that knows no "nothing more" goes on for ever.
    pub(crate) fn has_an_end(&self) -> bool {
        let answers = &self.described["responses"];
        answers["200"]["content"].get("text/event-stream").is_none() || answers.get("204").is_some()
    }

    /// Whether it is a step of a browser's way to a provider and back, which no single request can end well.
    pub(crate) fn is_on_the_way(&self) -> bool {
        self.template.starts_with("/api/v1/auth/sso/{provider}/")
    }

    /// Whether it is a list of a workspace that pages and sorts.
    pub(crate) fn is_list(&self) -> bool {
        self.queries().contains(&"sort") && !self.is_for_operators()
    }

    pub(crate) fn is_for_operators(&self) -> bool {
        matches!(self.rule, Rule::Installation(_))
    }

    /// The names of its parameters in the query.
    pub(crate) fn queries(&self) -> Vec<&str> {
        let all = self.described["parameters"].as_array().into_iter().flatten();
        all.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()).collect()
    }

    /// Calls it with its usual body.
    pub(crate) async fn call(&self, client: &Client) -> Answer {
        let fixture = self.fixture();
        let ask = client.ask(self.method.clone(), &fixture.path);
        let ask = if let Some(body) = &fixture.body { ask.json(body) } else { ask };
        ask.send().await
    }
}

static REST: queue::Kind<()> =
    queue::Kind::new("house.rest", |job, ()| Box::pin(async move { job.done().await }));

/// A job of the workspace that was cancelled, so that its stream has an end, and one of the installation.
async fn rest(app: &TestApp, workspace: &str) -> (String, String) {
    let scope = types::Scope::system(workspace.parse().unwrap(), "a test");
    let made = app.db().write((scope, types::Installation::system("a test")), |tx, (scope, by)| {
        Box::pin(async move {
            let job = queue::enqueue(tx, scope, queue::NewJob::new(&REST, &())?).await?;
            queue::cancel(tx, scope, job).await?;
            let of_all = queue::enqueue_installation(tx, by, queue::NewJob::new(&REST, &())?).await?;
            Ok((job.to_string(), of_all.to_string()))
        })
    });
    made.await.unwrap()
}

/// A provider that nobody answers at, and who the person is there.
async fn sign_in_elsewhere(app: &TestApp, person: &str) -> String {
    let person: types::PersonId = person.parse().unwrap();
    let made = app.db().write(person, |tx, person| {
        Box::pin(async move {
            let provider = "INSERT INTO sso_providers (name, title, issuer, client_id, scopes, domains, provisioning, role, \
                            enabled, created_at, updated_at, version) VALUES ('house', 'House', 'http://127.0.0.2:1', 'a', \
                            '[\"openid\"]', '[]', 'off', 'member', 1, 0, 0, 1)";
            tx.execute(provider, &[]).await?;
            let identity = "INSERT INTO sso_identities (id, person_id, provider, issuer, subject, created_at, last_used_at) \
                            VALUES ($1, $1, 'house', 'http://127.0.0.2:1', 'a', 0, 0)";
            tx.execute(identity, db::params![*person]).await?;
            Ok(person.to_string().replace("per_", "idn_"))
        })
    });
    made.await.unwrap()
}

/// A passkey of somebody, without the device: nobody signs with it here.
async fn passkey(app: &TestApp, person: &str) -> String {
    let person: types::PersonId = person.parse().unwrap();
    let made = app.db().write(person, |tx, person| {
        Box::pin(async move {
            let sql = "INSERT INTO passkeys (id, person_id, credential_id, public_key, sign_count, may_be_synced, \
                       is_synced, transports, name, created_at, version) VALUES ($1, $2, $3, $3, 0, 0, 0, '', 'key', 0, 1)";
            let bytes = [7_u8; 16].as_slice();
            tx.execute(sql, db::params![bytes, *person, bytes]).await?;
            Ok(())
        })
    });
    made.await.unwrap();
    format!("pky_{}", types::Id::from_bytes([7; 16]).encode())
}

/// A body that fits the schema of an operation that takes JSON.
fn json_body(document: &Value, described: &Value) -> Option<Value> {
    let schema = described.pointer("/requestBody/content/application~1json/schema")?;
    Some(sample(document, schema))
}

/// What a `$ref` stands for.
pub(crate) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(at) => {
            document.pointer(at.trim_start_matches('#')).unwrap_or_else(|| panic!("{at} leads nowhere"))
        }
        None => schema,
    }
}

/// The least that fits a schema.
fn sample(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            required.map(|name| (name.to_owned(), sample(document, &schema["properties"][name]))).collect()
        }
        Some("array") => json!([sample(document, &schema["items"])]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(false),
        Some("string") if schema["format"] == "email" => json!("someone@example.test"),
        Some("string") => json!("abcdefghijkl"),
        other => panic!("no sample for {other:?}: {schema}"),
    }
}
