//! An `Outbound` as tests need it, and names that lead where a test wants.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use config::Settings;
use futures_util::future::BoxFuture;
use outbound::{Outbound, Resolve};
use parking_lot::Mutex;
use types::{Clock, Time};

const NOW: Time = Time::from_millis(1_780_000_000_000);

/// An `Outbound` that may reach 127.0.0.2, with settings on top and names of the test's own.
pub(crate) fn outbound(settings: &str, names: &Arc<Names>) -> Outbound {
    let text = format!("[outbound]\nallow = [\"127.0.0.2/32\"]\n{settings}\n");
    let settings = Settings::of_text(config::sections::KERNEL, &text).expect("settings of a test");
    let names: Arc<dyn Resolve> = Arc::clone(names) as _;
    Outbound::with_resolver(&settings, Clock::standing(NOW), names).expect("an outbound")
}

/// Names with the answers they give, one after another; the last one stays. Other names are looked up for real.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>);

impl Names {
    pub(crate) fn new(names: &[(&str, &[&str])]) -> Arc<Self> {
        let all = Self::default();
        for (name, addresses) in names {
            let one = addresses.iter().map(|text| text.parse().expect("an address")).collect();
            all.0.lock().entry((*name).to_owned()).or_default().push_back(one);
        }
        Arc::new(all)
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let known = self.0.lock().get_mut(name).and_then(|answers| {
            if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
        });
        Box::pin(async move {
            if let Some(known) = known {
                return Ok(known);
            }
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}
