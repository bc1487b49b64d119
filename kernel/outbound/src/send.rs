//! A request from its first look to its last retry.

use std::sync::Arc;
use std::time::Duration;

use config::Settings;
use http::header::LOCATION;
use http::{Method, StatusCode};
use tasks::Stopwatch;
use tokio::time::{Instant, sleep};
use types::Clock;

use crate::address::Allowed;
use crate::attempt::{Bounds, Parts, attempt};
use crate::error::{Error, Refusal};
use crate::hosts::{Held, Hosts, Known};
use crate::meter::{self, InFlight};
use crate::pause;
use crate::request::{Answer, Request};
use crate::resolve::{Lookups, Resolve, System};
use crate::standing::{Rules, Verdict};
use crate::target::{Host, Target};
use crate::tls::Trust;
use crate::turns::Turns;

/// Longer than anybody waits, and short enough to reckon with.
const LONGEST: Duration = Duration::from_hours(24);

/// The way out. Cheap to clone; clones share limits and what is known of hosts.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Clock,
    lookups: Lookups,
    trust: Trust,
    turns: Turns,
    hosts: Hosts,
}

/// What one call of `send` is held to.
struct Call {
    section: Arc<config::Outbound>,
    rules: Rules,
    until: Instant,
    attempts: u32,
}

impl Outbound {
    /// Fails when `outbound.ca_file` can not be read.
    pub fn new(settings: &Settings, clock: Clock) -> Result<Self, Error> {
        Self::with_resolver(settings, clock, Arc::new(System))
    }

    /// With another way to look names up.
    pub fn with_resolver(
        settings: &Settings,
        clock: Clock,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, Error> {
        let section = settings.get::<config::Outbound>();
        Ok(Self(Arc::new(Inner {
            settings: settings.clone(),
            clock,
            lookups: Lookups::new(resolver),
            trust: Trust::new(section.ca_file.as_deref())?,
            turns: Turns::new(section.concurrency, section.per_host, section.per_lane),
            hosts: Hosts::default(),
        })))
    }

    /// Whether an address may be sent to, as far as can be told by looking at it: to refuse a setting when it is made. A
    /// name is looked up when something is sent.
    pub fn check(&self, url: &str) -> Result<(), Error> {
        let section = self.0.settings.get::<config::Outbound>();
        let (target, allowed) = (Target::parse(url)?, allowed(&section));
        match target.host {
            _ if !allowed.port(target.port) => Err(Refusal::Port.into()),
            Host::Address(address) if !allowed.address(address) => Err(Refusal::Address.into()),
            _ => Ok(()),
        }
    }

    /// Sends it, and waits for the whole answer. An answer of any status is an answer.
    pub async fn send(&self, request: Request) -> Result<Answer, Error> {
        let (watch, label) = (Stopwatch::start(), request.label);
        let _in_flight = InFlight::begin();
        let outcome = self.follow(request).await;
        let word = match &outcome {
            Ok(answer) => class(answer.status),
            Err(error) => error.outcome(),
        };
        meter::ended(label, word, watch.seconds());
        outcome
    }

    async fn follow(&self, mut request: Request) -> Result<Answer, Error> {
        if let Some(refusal) = request.refused {
            return Err(refusal.into());
        }
        let section = self.0.settings.get::<config::Outbound>();
        let mut call = Call {
            rules: Rules {
                failures: section.failures,
                rest: section.rest.min(LONGEST),
                retry_percent: section.retry_percent,
            },
            until: Instant::now() + request.deadline.unwrap_or(section.timeout).min(LONGEST),
            section,
            attempts: 0,
        };
        let mut target = Target::parse(&request.url)?;
        let mut left =
            if matches!(request.method, Method::GET | Method::HEAD) { request.redirects } else { 0 };
        let follows = left > 0;
        loop {
            let parts = self.retry(&target, &request, &mut call).await?;
            let next = location(&parts).filter(|_| follows);
            let Some(next) = next else { return Ok(self.answer(parts, &call)) };
            if left == 0 {
                return Err(Error::Broken("it redirects too often".to_owned()));
            }
            left -= 1;
            let next = target.join(&next)?;
            if target.tls && !next.tls {
                return Err(Refusal::Downgrade.into());
            }
            if next.origin() != target.origin() {
                request.forget_credentials();
                request.body = bytes::Bytes::new();
            }
            target = next;
        }
    }

    /// Until an attempt ends well, or there is no time, no retry or no sense left.
    async fn retry(&self, target: &Target, request: &Request, call: &mut Call) -> Result<Parts, Error> {
        let known = self.0.hosts.known(&request.lane, target.origin());
        known.lock().earn(call.rules);
        let mut retry = 0;
        loop {
            let outcome = self.once(&known, target, request, call).await;
            let may = match &outcome {
                Ok(parts) => request.repeatable && may_pass(parts.status),
                Err(error) => error.was_not_sent() || (request.repeatable && error.may_pass()),
            };
            if !may || retry >= request.retries || !known.lock().spend(call.rules) {
                return outcome;
            }
            let asked = outcome.as_ref().ok().and_then(|parts| self.asked_for(parts, call));
            let wait = pause::backoff(retry).max(asked.unwrap_or_default());
            if Instant::now() + wait >= call.until {
                return outcome;
            }
            sleep(wait).await;
            if let Err(wait) = rests(&known, call) {
                tracing::debug!(label = request.label, host = %target.host, wait = wait.as_secs(), "not tried again");
                return outcome;
            }
            retry += 1;
        }
    }

    /// One attempt within its turn, and what it says of the host.
    async fn once(
        &self,
        known: &Known,
        target: &Target,
        request: &Request,
        call: &mut Call,
    ) -> Result<Parts, Error> {
        let resting = |wait| Error::Resting { host: target.host.to_string(), wait };
        rests(known, call).map_err(resting)?;
        let turn = self.0.turns.take(&request.lane, &target.authority(), call.until).await?;
        let held = Held::take(known, call.rules).map_err(resting)?;
        call.attempts += 1;
        meter::attempt(request.label);
        let watch = Stopwatch::start();
        let section = &call.section;
        let bounds = Bounds {
            allowed: allowed(section),
            connect: section.connect_timeout.min(LONGEST),
            until: call.until,
            head: usize::try_from(section.header_limit.0).unwrap_or(usize::MAX),
            body: request.limit.unwrap_or(section.body_limit.0),
            turn: Arc::new(turn),
        };
        let outcome = attempt(&self.0.lookups, &self.0.trust, target, request, &bounds).await;
        drop(bounds);
        let verdict = match &outcome {
            Ok(parts) if parts.status.is_server_error() => Verdict::Bad,
            Ok(_) => Verdict::Good,
            Err(error) if error.is_the_hosts() => Verdict::Bad,
            Err(_) => Verdict::Unknown,
        };
        held.report(verdict);
        if let Ok(parts) = &outcome
            && matches!(parts.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(wait) = self.asked_for(parts, call)
        {
            known.lock().pause(Instant::now() + wait);
        }
        let (ms, label, lane) = (watch.elapsed().as_millis(), request.label, request.lane.as_str());
        let status = outcome.as_ref().ok().map(|parts| parts.status.as_u16());
        let error = outcome.as_ref().err().map(tracing::field::display);
        tracing::debug!(label, lane, host = %target.host, attempt = call.attempts, status, error, ms, "an attempt to reach another server");
        outcome
    }

    fn asked_for(&self, parts: &Parts, call: &Call) -> Option<Duration> {
        let longest = call.section.longest_retry_after.min(LONGEST);
        pause::asked_for(&parts.headers, self.0.clock.now(), longest)
    }

    fn answer(&self, parts: Parts, call: &Call) -> Answer {
        let retry_after = self.asked_for(&parts, call);
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: parts.body,
            attempts: call.attempts,
            retry_after,
        }
    }
}

/// Whether the host is left alone just now, without taking a pass.
fn rests(known: &Known, call: &Call) -> Result<(), Duration> {
    known.lock().rests(Instant::now(), call.rules)
}

fn allowed(section: &config::Outbound) -> Allowed<'_> {
    Allowed { networks: &section.allow, ports: &section.allow_ports }
}

/// What says "not now" rather than "no".
fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

fn location(parts: &Parts) -> Option<String> {
    let follows = matches!(parts.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let found = parts.headers.get(LOCATION).filter(|_| follows)?;
    // What is no text is no address either; joining it says so.
    Some(found.to_str().unwrap_or("\u{0}").to_owned())
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "1xx",
    }
}
