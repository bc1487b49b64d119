//! P10 on the real binary: Redis is killed under load, and no route is unlimited for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use peers::{Proxy, Redis};

use crate::ground::{Found, OWNER, PASSWORD, administrator, ask, sign_in};
use crate::process::{Server, folder};

const SIGN_IN: u32 = 8;
const ANONYMOUS: u32 = 60;
const SIGNED_IN: u32 = 120;

struct Limited {
    nodes: Vec<Server>,
    redis: Redis,
    proxy: Proxy,
    bearer: String,
    _kept: (Vec<tempfile::TempDir>, peers::Database),
}

/// Two nodes that count in one Redis, by way of a proxy.
fn limited(more: &[(&str, &str)]) -> Limited {
    let (database, redis) = (peers::postgres().fresh_database(), Redis::with_password("hunter2"));
    let proxy = Proxy::to(redis.port());
    let url = redis.url_through(&proxy);
    let common = [
        ("MAINSTAY_DATABASE_URL", database.url.as_str()),
        ("MAINSTAY_SERVER_SECRET", "the one secret of both nodes, long enough"),
        ("MAINSTAY_CACHE_URL", url.as_str()),
        ("MAINSTAY_CACHE_PASSWORD", "hunter2"),
        ("MAINSTAY_LIMITS_SIGN_IN", "8"),
        ("MAINSTAY_LIMITS_ANONYMOUS", "60"),
        ("MAINSTAY_LIMITS_SIGNED_IN", "120"),
        ("MAINSTAY_IDENTITY_PASSWORD_MEMORY_KIB", "64"),
    ];
    let variables = [&common, more].concat();
    let folders = vec![folder(), folder()];
    administrator(folders[0].path(), &variables);
    let nodes: Vec<_> = folders.iter().map(|data| Server::spawn(data.path(), &[], &variables)).collect();
    for node in &nodes {
        node.wait_ready();
    }
    let answer = sign_in(&nodes[0], OWNER, PASSWORD).text;
    let (_, rest) = answer.split_once("\"access_token\":\"").unwrap_or_else(|| panic!("{answer}"));
    let bearer = format!("Bearer {}", rest.split('"').next().unwrap());
    Limited { nodes, redis, proxy, bearer, _kept: (folders, database) }
}

impl Limited {
    /// Asks one node for one kind of thing until told; tells how often it was let in.
    fn crowd(&self, node: usize, kind: Kind, enough: &AtomicBool) -> Result<u32, String> {
        let mut admitted = 0;
        while !enough.load(Ordering::Relaxed) {
            let server = &self.nodes[node];
            let answer = match kind {
                Kind::SignIn => sign_in(server, OWNER, "a wrong passphrase"),
                Kind::Anonymous => ask(server, "GET", "/api/v1/auth/me", &[], ""),
                Kind::SignedIn => {
                    ask(server, "GET", "/api/v1/auth/me", &[("authorization", &self.bearer)], "")
                }
            };
            match answer.status {
                429 => std::thread::sleep(Duration::from_millis(2)),
                200 | 401 => admitted += 1,
                _ => return Err(format!("{kind:?}: {}", answer.text)),
            }
            if answer.took > Duration::from_secs(3) {
                return Err(format!("{kind:?}: took {:?}", answer.took));
            }
        }
        Ok(admitted)
    }

    fn cache_is(&self, state: &str) -> Found {
        let began = Instant::now();
        for node in &self.nodes {
            loop {
                let answer = ask(node, "GET", "/ready", &[], "");
                if answer.status != 200 {
                    return Err(format!("/ready turned the node out: {}", answer.text));
                }
                if answer.text.contains(&format!("\"cache\":\"{state}\"")) {
                    break;
                }
                if began.elapsed() > Duration::from_secs(8) {
                    return Err(format!("never {state}: {}", answer.text));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    /// Twelve clients on both nodes while `what` happens. Nobody gets beyond a limit a node and window.
    fn under_load(&self, what: impl FnOnce() -> Found) -> Result<[u32; 3], String> {
        let (enough, began) = (AtomicBool::new(false), Instant::now());
        let (outcome, admitted) = std::thread::scope(|threads| {
            let crowds: Vec<_> = (0..12)
                .map(|n| {
                    let enough = &enough;
                    let kind = [Kind::SignIn, Kind::Anonymous, Kind::SignedIn][n / 4];
                    threads.spawn(move || (kind, self.crowd(n % 2, kind, enough)))
                })
                .collect();
            let outcome = what();
            enough.store(true, Ordering::Relaxed);
            (outcome, crowds.into_iter().map(|crowd| crowd.join().unwrap()).collect::<Vec<_>>())
        });
        outcome?;
        let mut all = [0; 3];
        for (kind, admitted) in admitted {
            all[kind as usize] += admitted?;
        }
        // A window may have begun before, and each that began while it went on gives a limit to each node.
        let windows = 2 + u32::try_from(began.elapsed().as_secs() / 60).unwrap();
        let nodes = u32::try_from(self.nodes.len()).unwrap();
        for (kind, limit) in
            [(Kind::SignIn, SIGN_IN), (Kind::Anonymous, ANONYMOUS), (Kind::SignedIn, SIGNED_IN)]
        {
            let admitted = all[kind as usize];
            if admitted > limit * windows * nodes {
                return Err(format!(
                    "{kind:?}: {admitted} were let in, the limit is {limit} a node and window"
                ));
            }
        }
        Ok(all)
    }

    /// Killed, hung and refused while everybody asks; back each time.
    fn losses(&self) -> Result<[u32; 3], String> {
        self.cache_is("ok")?;
        self.under_load(|| {
            std::thread::sleep(Duration::from_millis(300));
            self.redis.kill();
            self.cache_is("down")?;
            std::thread::sleep(Duration::from_millis(700));
            self.redis.start_again();
            self.cache_is("ok")?;
            self.proxy.hang(true);
            self.cache_is("down")?;
            std::thread::sleep(Duration::from_millis(700));
            self.proxy.open();
            self.cache_is("ok")
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    SignIn,
    Anonymous,
    SignedIn,
}

#[test]
fn p10_two_nodes_hold_one_limit_and_a_lost_store_unlimits_no_route() {
    let limited = limited(&[]);
    let admitted = limited.losses().unwrap();
    testkit::tell(&format!(
        "p10 let in: sign-in {}, anonymous {}, signed in {}",
        admitted[0], admitted[1], admitted[2]
    ));
    // What the nodes counted alone was told to the store: on both nodes all three are used up.
    assert!(admitted.iter().all(|admitted| *admitted > 0));
    for node in limited.nodes {
        let metrics = node.get("/metrics").unwrap();
        assert!(metrics.contains("limiter_store_up 1"), "{metrics}");
        assert!(metrics.contains("limiter_local_total{tier=\"sign_in\"}"), "{metrics}");
        let (code, said) = node.stop();
        assert_eq!(code, 0, "{said}");
        let lines = |text: &str| said.lines().filter(|line| line.contains(text)).count();
        assert_eq!((lines("of the limits is lost"), lines("of the limits is back")), (2, 2), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn p10_a_node_starts_without_the_store_and_finds_it_later() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port());
    proxy.refuse(true);
    let (place, url) = (folder(), redis.url_through(&proxy));
    let variables = [("MAINSTAY_CACHE_URL", url.as_str()), ("MAINSTAY_LIMITS_ANONYMOUS", "5")];
    let server = Server::spawn(place.path(), &[], &variables);
    let ready = server.wait_for("/ready", |answer| answer.starts_with("HTTP/1.1 200"));
    assert!(ready.contains("\"status\":\"degraded\"") && ready.contains("\"cache\":\"down\""), "{ready}");
    let admitted = (0..20).filter(|_| !server.get("/api/v1/auth/me").unwrap().starts_with("HTTP/1.1 429"));
    assert_eq!(admitted.count(), 5);
    proxy.open();
    server.wait_for("/ready", |answer| answer.contains("\"cache\":\"ok\""));
    assert!(server.get("/api/v1/auth/me").unwrap().starts_with("HTTP/1.1 429"));
}

/// The fault that makes the promise fail: without the store, everybody is let in.
#[cfg(feature = "faults")]
#[test]
fn p10_a_limiter_that_opens_when_the_store_is_lost_is_found() {
    let limited = limited(&[("FAILPOINTS", "limits.open_when_lost=return")]);
    let found = limited.losses().unwrap_err();
    assert!(found.contains("were let in"), "{found}");
}
