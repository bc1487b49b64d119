//! P16: when those who could let somebody in can not be asked, nobody is let in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use testkit::TestApp;
use types::{Error, Result, WorkspaceId};
use web::{App, Authenticate, Caller, Credential, System};

use super::{EVENTS, STATUS, report, systems};

/// What becomes of every question who somebody is.
#[derive(Clone, Copy)]
enum How {
    Fails,
    Panics,
}

struct Broken(How);

impl Broken {
    fn say<T>(&self) -> Result<T> {
        match self.0 {
            How::Fails => Err(Error::unavailable("database_unavailable", "The database cannot be reached.")),
            How::Panics => panic!("planted by a test"),
        }
    }
}

impl Authenticate for Broken {
    fn identify<'a>(
        &'a self,
        _: &'a App,
        _: Credential,
        _: Option<&'a str>,
        _: IpAddr,
    ) -> BoxFuture<'a, Result<Caller>> {
        Box::pin(async { self.say() })
    }

    fn public_workspace<'a>(&'a self, _: &'a App) -> BoxFuture<'a, Result<Option<WorkspaceId>>> {
        Box::pin(async { self.say() })
    }

    fn step_up_age(&self, _: &App) -> Duration {
        Duration::ZERO
    }
}

const FAILS: System = System {
    name: "broken",
    install: |parts| {
        parts.authenticate = Some(Arc::new(Broken(How::Fails)));
        Ok(())
    },
    ..System::EMPTY
};

const PANICS: System = System {
    install: |parts| {
        parts.authenticate = Some(Arc::new(Broken(How::Panics)));
        Ok(())
    },
    ..FAILS
};

testkit::on_both! {
    async fn p16_nobody_is_let_in_when_nobody_can_be_asked(engine: Engine) {
        for (broken, status) in [(FAILS, 503), (PANICS, 500)] {
            let app = TestApp::start(engine, [systems(), vec![broken]].concat()).await;
            let callers = [
                app.anonymous(),
                app.anonymous().bearer("a.b.c"),
                app.anonymous().with("x-api-key", "a.b"),
                app.anonymous().bearer("a.b.c").with("x-workspace-id", "main"),
            ];
            for (n, client) in callers.iter().enumerate() {
                client.get(STATUS).await.expect(status);
                let wanted = if n == 0 { 401 } else { status };
                client.get("/api/v1/auth/me").await.expect(wanted);
                client.get("/api/v1/events").await.expect(wanted);
                client.post(EVENTS, report("api", "degraded")).await.expect(wanted);
            }
        }
    }
}
