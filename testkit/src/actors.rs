//! People and keys who may do different things.

use std::sync::atomic::Ordering;

use identity::{Cost, IdentitySettings, Role, Status};
use serde_json::json;

use crate::app::TestApp;
use crate::client::Client;

const PASSWORD: &str = "correct horse battery";

/// Somebody who signed in, and how to name him.
#[derive(Clone)]
pub struct Person {
    pub client: Client,
    pub email: String,
    pub id: String,
    /// The id of the workspace he is at home in.
    pub workspace: String,
}

impl std::ops::Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Person {
    /// The access token that he signed in with, to use it at another node.
    pub fn bearer_token(&self) -> String {
        self.client.sent("authorization").trim_start_matches("Bearer ").to_owned()
    }
}

impl TestApp {
    /// Whoever set the installation up: owns the workspace and has every right over the installation.
    pub async fn administrator(&self) -> Person {
        let email = self.address("administrator");
        identity::admin::create(self.db(), self.cost(), &email, PASSWORD, "Main")
            .await
            .expect("an administrator");
        self.sign_in(email).await
    }

    /// The owner of a workspace, which is made if it is not there; without rights over the installation.
    pub async fn owner(&self, workspace: &str) -> Person {
        self.person("owner", workspace, Role::Owner).await
    }

    /// A member of a workspace.
    pub async fn member(&self, workspace: &str) -> Person {
        self.person("member", workspace, Role::Member).await
    }

    /// An owner who signed in and was suspended afterwards; the clock moves past what may be cached.
    pub async fn suspended(&self, workspace: &str) -> Person {
        let person = self.person("suspended", workspace, Role::Owner).await;
        identity::admin::set_status(self.db(), &person.email, Status::Deactivated)
            .await
            .expect("a suspension");
        self.clock().advance(std::time::Duration::from_secs(2));
        person
    }

    /// An API key of a person's workspace with just these permissions.
    pub async fn key(&self, person: &Person, permissions: &[&str]) -> Client {
        let body = json!({"name": "a key", "permissions": permissions});
        let answer = person.post("/api/v1/auth/api-keys", body).await.expect(201);
        self.anonymous().with("x-api-key", &answer.text("api_key"))
    }

    async fn person(&self, kind: &str, workspace: &str, role: Role) -> Person {
        let email = self.address(kind);
        identity::admin::add(self.db(), self.cost(), &email, PASSWORD, workspace, role)
            .await
            .expect("a person");
        self.sign_in(email).await
    }

    /// Signs in with a password.
    pub async fn sign_in(&self, email: String) -> Person {
        let form = [("username", email.as_str()), ("password", PASSWORD)];
        let answer = self
            .anonymous()
            .ask(http::Method::POST, "/api/v1/auth/token")
            .form(&form)
            .send()
            .await
            .expect(200);
        let client = self.anonymous().bearer(&answer.text("access_token"));
        let me = client.get("/api/v1/auth/me").await.expect(200).json();
        let text = |pointer: &str| {
            me.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        };
        Person { id: text("/id"), workspace: text("/memberships/0/workspace/id"), client, email }
    }

    fn cost(&self) -> Cost {
        self.app.settings().get::<IdentitySettings>().cost()
    }

    fn address(&self, kind: &str) -> String {
        format!("{kind}{}@example.test", self.people.fetch_add(1, Ordering::Relaxed))
    }
}
