//! Refreshes: 64 clients, each with a session of its own, exchange their tokens as fast as they are answered.
//!
//! A closed loop only: a token is known when the one before was answered, so none can come by the clock.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use serde_json::Value;

use crate::load::{CLIENTS, Learn, Request, chained};
use crate::place::Place;
use crate::report::Line;
use crate::targets::Target;

const REFRESH: &str = "/api/v1/auth/refresh";

/// What each client has to send next.
type Tokens = Rc<RefCell<Vec<String>>>;

pub fn refresh(place: &Place, target: &Target, sign_in: impl Fn() -> String) -> Line {
    let tokens: Tokens = Rc::new(RefCell::new((0..CLIENTS).map(|_| sign_in()).collect()));
    let (request, learn) = (ask(&tokens), keep(&tokens));
    let most = chained(target.address, &request, &learn, place.span, &target.pids);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| most.latencies.quantile(part));
    eprintln!("refresh {}: most {:.0}/s (p99 {p99:.1} ms), CPU {:.0} us", target.name, most.rate, most.cpu);
    Line {
        operation: "refresh",
        target: target.name.clone(),
        durability: target.durability.clone(),
        most: most.rate,
        cpu: most.cpu,
        sustained: 0.0,
        p50,
        p99,
        p999,
    }
}

fn ask(tokens: &Tokens) -> Request {
    let tokens = Rc::clone(tokens);
    Arc::new(move |client, _| {
        let body = format!(r#"{{"refresh_token":"{}"}}"#, tokens.borrow()[client]);
        let request = http::Request::post(REFRESH).header("host", "localhost");
        request.header("content-type", "application/json").body(Full::from(body)).expect("a request")
    })
}

fn keep(tokens: &Tokens) -> Learn {
    let tokens = Rc::clone(tokens);
    Arc::new(move |client, body: &Bytes| {
        let pair: Value = serde_json::from_slice(body).expect("JSON");
        pair["refresh_token"].as_str().expect("a token").clone_into(&mut tokens.borrow_mut()[client]);
    })
}
