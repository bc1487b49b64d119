//! How long it takes to be there, and what it weighs when nothing happens.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::place::Place;
use crate::process::resident;
use crate::targets::{Durability, Engine, Mainstay};

const TIMES: usize = 7;

pub struct Start {
    pub existing: f64,
    pub fresh: f64,
    pub resident: f64,
    pub binary: f64,
}

/// The status of `/ready`, if anything answers.
pub fn ready(at: SocketAddr) -> Option<u16> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream.write_all(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    std::str::from_utf8(&head[9..]).ok()?.parse().ok()
}

pub fn start(place: &Place, idle: Duration) -> Start {
    let existing = Mainstay::new(place, Engine::Sqlite(Durability::Full));
    let mut resident_after = 0.0;
    let mut known: Vec<f64> = (0..TIMES)
        .map(|turn| once(&existing, (turn == TIMES - 1).then_some(idle), &mut resident_after))
        .collect();
    let mut fresh: Vec<f64> = (0..TIMES)
        .map(|_| {
            let new = Mainstay {
                binary: place.mainstay.clone(),
                folder: place.folder("fresh"),
                engine: Engine::Sqlite(Durability::Full),
            };
            once(&new, None, &mut resident_after)
        })
        .collect();
    Start {
        existing: median(&mut known),
        fresh: median(&mut fresh),
        resident: resident_after,
        binary: stripped(place),
    }
}

/// Milliseconds from the start of the process to the first 200 of `/ready`.
fn once(it: &Mainstay, idle: Option<Duration>, resident_after: &mut f64) -> f64 {
    let at = SocketAddr::from(([127, 0, 0, 1], peers::free_port()));
    let began = Instant::now();
    let server = it.serve(at, &it.folder.join("log"));
    while ready(at) != Some(200) {
        assert!(began.elapsed() < Duration::from_secs(30), "it never became ready");
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed().as_secs_f64() * 1000.0;
    if let Some(idle) = idle {
        std::thread::sleep(idle);
        *resident_after = resident(&[server.pid()]);
    }
    took
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// MiB without any symbols.
fn stripped(place: &Place) -> f64 {
    let copy = place.work.path().join("stripped");
    let _ = Command::new("strip").arg("--strip-all").arg("-o").arg(&copy).arg(&place.mainstay).status();
    let size = fs::metadata(&copy).or_else(|_| fs::metadata(&place.mainstay)).map_or(0, |file| file.len());
    size as f64 / 1024.0 / 1024.0
}
