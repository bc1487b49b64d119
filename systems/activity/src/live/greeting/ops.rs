//! The first message: who is there, and from where he goes on.

use std::time::Duration;

use journal::EventId;
use types::{Error, Kind, Scope};
use web::{Caller, Close, Credential, Heard, Place, Places, Proof, Socket, Visitor};

use super::super::ConnectionId;
use super::super::model::{BAD_FRAME, LATER, NO_HEARTBEAT, NOT_ALLOWED, NOT_SIGNED_IN, Said, Says};
use super::super::ops::{Connection, say};
use crate::ActivitySettings;
use crate::listeners::{Listener, Standing};

/// How long the first message may take.
const HELLO: Duration = Duration::from_secs(5);

/// What the request brought along.
pub(crate) struct Door {
    pub(crate) visitor: Visitor,
    pub(crate) credential: Option<Credential>,
    pub(crate) place: Place,
}

struct Hello {
    after: Option<EventId>,
    token: Option<String>,
    workspace: Option<String>,
}

/// One socket from its first message to its last.
pub(crate) async fn serve(door: Door, mut socket: Socket) {
    let open = Open::begin();
    let close = match greet(door, &mut socket).await {
        Ok(connection) => return connection.run(socket, open).await,
        Err(close) => close,
    };
    open.end(socket, close).await;
}

/// Counts the sockets that are open.
pub(crate) struct Open(());

impl Open {
    fn begin() -> Self {
        metrics::gauge!("live_sockets_open").increment(1.0);
        Self(())
    }

    pub(crate) async fn end(self, socket: Socket, close: Close) {
        metrics::counter!("live_closes_total", "reason" => close.reason).increment(1);
        socket.close(close).await;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("live_sockets_open").decrement(1.0);
    }
}

async fn greet(door: Door, socket: &mut Socket) -> Result<Connection, Close> {
    let stopping = door.visitor.app.tasks().stopping();
    let hello = tokio::select! {
        () = stopping.stopped() => return Err(Close::RESTART),
        hello = first(socket) => hello?,
        () = tokio::time::sleep(HELLO) => {
            return Err(if door.visitor.known.is_some() { NO_HEARTBEAT } else { NOT_SIGNED_IN });
        }
    };
    let app = door.visitor.app.clone();
    let Guest { caller, scope, proof, place } = tokio::select! {
        () = stopping.stopped() => return Err(Close::RESTART),
        guest = admit(door, hello.token, hello.workspace) => guest?,
        () = tokio::time::sleep(HELLO) => return Err(LATER),
    };
    let standing = Standing::begin(&app, &caller, proof);
    let (listener, gap) = match hello.after {
        None => (Listener::begin(app.clone(), scope, standing, None, place).await, None),
        Some(after) => {
            if knows(&app, &scope, after).await? {
                (Listener::begin(app.clone(), scope, standing, Some(after), place).await, None)
            } else {
                (Listener::begin(app.clone(), scope, standing, None, place).await, Some(after))
            }
        }
    };
    let listener = listener.map_err(|error| refusal(&error))?;
    let heartbeat = app.settings().get::<ActivitySettings>().heartbeat;
    let id = ConnectionId::at(app.clock().now()).to_string();
    say(socket, &Says::Hello { connection_id: id, heartbeat_seconds: heartbeat.as_secs() }).await?;
    if let Some(after) = gap {
        metrics::counter!("live_gaps_total").increment(1);
        say(socket, &Says::Gap { after: after.to_string(), code: "events_expired" }).await?;
    }
    Connection::begin(app, listener, heartbeat).map_err(|error| refusal(&error))
}

/// Whether the journal reaches back to an event.
async fn knows(app: &web::App, scope: &Scope, after: EventId) -> Result<bool, Close> {
    let read = app.db().read((scope.clone(), after), |rx, (scope, after)| {
        Box::pin(
            async move { journal::after(rx, scope, journal::Since::Event(*after), &[], 1).await.map(|_| ()) },
        )
    });
    match read.await {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == Kind::Gone => Ok(false),
        Err(error) => Err(refusal(&error)),
    }
}

async fn first(socket: &mut Socket) -> Result<Hello, Close> {
    let text = loop {
        match socket.hear().await? {
            Heard::Text(text) => break text,
            Heard::Binary => return Err(BAD_FRAME),
            Heard::Alive => {}
        }
    };
    let Ok(Said::Hello { after, token, workspace }) = serde_json::from_str(&text) else {
        return Err(BAD_FRAME);
    };
    let after = after.map(|id| id.parse().map_err(|_| BAD_FRAME)).transpose()?;
    Ok(Hello { after, token, workspace })
}

struct Guest {
    caller: Caller,
    scope: Scope,
    proof: Proof,
    place: Place,
}

/// Who it is: the one from the request, or the one whose token came now. Both at once would be anybody's guess.
async fn admit(door: Door, token: Option<String>, workspace: Option<String>) -> Result<Guest, Close> {
    let Door { mut visitor, credential, mut place } = door;
    let known = visitor.known.take();
    let (caller, scope, credential) = match (known, credential, token) {
        (Some((caller, scope)), Some(credential), None) if workspace.is_none() => (caller, scope, credential),
        // A script can not set X-Workspace-Id either, so a page that is signed in by its cookie says it here.
        (Some(_), Some(credential @ Credential::Cookie(_)), None) => {
            let signed_in = visitor.sign_in(credential.clone(), workspace.as_deref()).await;
            let (caller, scope) = signed_in.map_err(|error| refusal(&error))?;
            (caller, scope, credential)
        }
        (None, None, Some(token)) => {
            let credential = Credential::Bearer(token);
            let signed_in = visitor.sign_in(credential.clone(), workspace.as_deref()).await;
            let (caller, scope) = signed_in.map_err(|error| refusal(&error))?;
            let app = &visitor.app;
            let settings = app.settings().get::<ActivitySettings>();
            let places = app.extension::<Places>().map_err(|error| refusal(&error))?;
            drop(place);
            place = places
                .take(&caller.principal, settings.streams_per_caller, settings.streams)
                .map_err(|error| refusal(&error))?;
            (caller, scope, credential)
        }
        (None, None, None) => return Err(NOT_SIGNED_IN),
        _ => return Err(BAD_FRAME),
    };
    let proof = Proof::of(visitor.client, credential);
    Ok(Guest { caller, scope, proof, place })
}

/// How an error is told on a socket.
fn refusal(error: &Error) -> Close {
    match error.kind() {
        Kind::Unauthenticated => NOT_SIGNED_IN,
        Kind::Forbidden | Kind::NotFound => NOT_ALLOWED,
        Kind::Malformed | Kind::Invalid => BAD_FRAME,
        _ => {
            tracing::debug!(error = %error.detail(), "a socket could not be opened");
            LATER
        }
    }
}
