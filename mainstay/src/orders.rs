//! What an operator at the machine may ask for, done by whichever process has the database open.

mod access;
mod user;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use types::Result;
use web::App;

pub(crate) use access::{KeyOrder, SessionOrder};
pub(crate) use user::UserOrder;

/// One order, as it goes over the control socket.
#[derive(Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Order {
    /// A link that makes the first administrator.
    SetupLink {
        ttl_seconds: u64,
    },
    /// An administrator, and a workspace of theirs.
    AdminCreate {
        email: String,
        password: String,
        workspace: String,
    },
    /// Somebody's second factors, taken off.
    OtpOff {
        email: String,
    },
    /// The newest jobs, narrowed.
    JobsList {
        state: Option<String>,
        kind: Option<String>,
        queue: Option<String>,
    },
    /// A job, and its log after a line.
    JobShow {
        id: String,
        after: i64,
    },
    JobRetry {
        id: String,
    },
    JobCancel {
        id: String,
    },
    /// Whether anything is taken from a queue.
    QueuePause {
        queue: String,
        paused: bool,
    },
    /// Something about API keys or signing keys.
    Key(KeyOrder),
    /// Something about sessions.
    Session(SessionOrder),
    /// Something about people.
    User(UserOrder),
    /// A test mail, handed over while the operator waits.
    MailTest {
        to: String,
    },
}

impl Order {
    /// For the log. Never with what is in it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::SetupLink { .. } => "setup-link",
            Self::AdminCreate { .. } => "admin-create",
            Self::OtpOff { .. } => "otp-off",
            Self::JobsList { .. } => "jobs-list",
            Self::JobShow { .. } => "job-show",
            Self::JobRetry { .. } => "job-retry",
            Self::JobCancel { .. } => "job-cancel",
            Self::QueuePause { .. } => "queue-pause",
            Self::Key(order) => order.name(),
            Self::Session(order) => order.name(),
            Self::User(order) => order.name(),
            Self::MailTest { .. } => "mail-test",
        }
    }
}

/// Carries the order out and answers with what the command prints.
pub(crate) async fn perform(app: &App, base: &str, order: Order) -> Result<Value> {
    tracing::info!(order = order.name(), "an operator asked at the machine");
    match order {
        Order::SetupLink { ttl_seconds } => {
            let life = Duration::from_secs(ttl_seconds);
            let link = identity::setup::link(app, base, life).await?;
            Ok(json!({ "link": link, "expires_at": app.clock().now().plus(life) }))
        }
        Order::OtpOff { email } => {
            let reset = identity::admin::otp_off_here(app, &email).await?;
            Ok(json!({
                "person": reset.person, "email": reset.email, "had_any": reset.had_any, "sessions_ended": reset.ended,
            }))
        }
        Order::JobsList { state, kind, queue } => {
            jobs::control::list(app, kind, state.as_deref(), queue).await
        }
        Order::JobShow { id, after } => jobs::control::show(app, &id, after).await,
        Order::JobRetry { id } => jobs::control::retry(app, &id).await,
        Order::JobCancel { id } => jobs::control::cancel(app, &id).await,
        Order::QueuePause { queue, paused } => jobs::control::pause(app, &queue, paused).await,
        Order::AdminCreate { email, password, workspace } => {
            let made = identity::admin::create_admin(app, &email, &password, &workspace).await?;
            Ok(json!({
                "person": made.person, "email": email.trim(),
                "workspace": { "id": made.workspace, "slug": made.slug },
            }))
        }
        Order::Key(order) => order.perform(app).await,
        Order::Session(order) => order.perform(app).await,
        Order::User(order) => user::perform(app, base, order).await,
        Order::MailTest { to } => {
            let to = mail::Address::parse(&to)?;
            let email = to.email().to_owned();
            let answer = match app.mailer().test(to, base).await? {
                mail::Handed::Server(answer) => json!({ "to": email, "answer": answer }),
                mail::Handed::Page => json!({ "to": email, "page": format!("{base}/dev/mail") }),
            };
            Ok(answer)
        }
    }
}

/// Where people reach this installation.
pub(crate) fn base_url(settings: &config::Settings, listening: Option<std::net::SocketAddr>) -> String {
    settings.get::<config::sections::Server>().public_address(listening)
}
