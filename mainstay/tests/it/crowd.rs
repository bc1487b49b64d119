//! A48: more who wait than the house has room for, on the real binary.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::process::{PATIENCE, Server, folder};
use crate::trouble::{administrator, bearer};

/// Everybody here is one caller from one network, and rests for long.
const ROOM: [(&str, &str); 6] = [
    ("MAINSTAY_LIMITS_SIGNED_IN", "1000000"),
    ("MAINSTAY_LIMITS_ANONYMOUS", "1000000"),
    ("MAINSTAY_ACTIVITY_STREAMS_PER_CALLER", "20000"),
    ("MAINSTAY_ACTIVITY_HEARTBEAT", "60s"),
    ("MAINSTAY_SERVER_MAX_CONNECTIONS", "30000"),
    ("MAINSTAY_SERVER_HEADER_DEADLINE", "5m"),
];

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Opens a live socket and says hello; the status line when it is refused.
fn socket(server: &Server, bearer: &str) -> Result<TcpStream, String> {
    let mut stream = connect(server);
    let head = format!(
        "GET /api/v1/live HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {bearer}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).map_err(|error| error.to_string())?;
    let mut said = read_until(&mut stream, "\r\n\r\n");
    if !said.starts_with("HTTP/1.1 101") {
        return Err(said.lines().next().unwrap_or_default().to_owned());
    }
    // Masked with zeros, so the text stays as it is.
    let hello = br#"{"type":"hello"}"#;
    let mut frame = vec![0x81, 0x80 | u8::try_from(hello.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(hello);
    stream.write_all(&frame).unwrap();
    if !said.contains("connection_id") {
        said = read_until(&mut stream, "connection_id");
    }
    assert!(said.contains("connection_id"), "{said}");
    Ok(stream)
}

fn read_until(stream: &mut TcpStream, word: &str) -> String {
    let (mut said, mut bytes) = (String::new(), [0; 1024]);
    while !said.contains(word)
        && let Ok(n @ 1..) = stream.read(&mut bytes)
    {
        said.push_str(&String::from_utf8_lossy(&bytes[..n]));
    }
    said
}

/// Asks on a connection that stays open, and shows the whole answer.
fn ask(stream: &mut TcpStream, path: &str, bearer: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {bearer}\r\n\r\n");
    let _ = stream.write_all(head.as_bytes());
    let mut said = read_until(stream, "\r\n\r\n");
    let length = said.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let whole = said.find("\r\n\r\n").unwrap_or_default() + 4 + length.unwrap_or_default();
    let mut bytes = [0; 4096];
    while said.len() < whole
        && let Ok(n @ 1..) = stream.read(&mut bytes)
    {
        said.push_str(&String::from_utf8_lossy(&bytes[..n]));
    }
    said
}

/// MiB of memory that the server holds.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

/// How many of each this process and the server may have open.
fn figure() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let allowed: usize = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    peers::rounds(300, 10_000).min((allowed - 320) / 2)
}

/// One test on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($(fn $name:ident($variables:ident) $body:block)+) => { $(
        mod $name {
            use super::*;

            fn run($variables: &[(&str, &str)]) $body

            #[test]
            fn sqlite() {
                run(&ROOM);
            }

            #[test]
            fn postgres() {
                let database = peers::postgres().fresh_database();
                run(&[&ROOM[..], &[("MAINSTAY_DATABASE_URL", database.url.as_str())]].concat());
            }
        }
    )+ };
}

on_both! {
    fn a48_idle_sockets_and_connections_keep_nobody_out(variables) {
        let (place, number) = (folder(), figure());
        let data = place.path().join("data");
        administrator(&data, variables);
        let server = Server::spawn(&data, &["--dev"], variables);
        server.wait_ready();
        let bearer = bearer(&server);
        drop(socket(&server, &bearer).unwrap());
        let idle = resident(&server);
        let began = Instant::now();
        let sockets: Vec<_> = (0..number).map(|_| socket(&server, &bearer).unwrap()).collect();
        let (opened, with_sockets) = (began.elapsed(), resident(&server));
        let connections: Vec<_> = (0..number).map(|_| connect(&server)).collect();
        let began = Instant::now();
        let me = server.ask("GET", "/api/v1/auth/me", &[("authorization", &bearer)], "").unwrap();
        assert!(me.starts_with("HTTP/1.1 200"), "{me}");
        let (answered, with_all) = (began.elapsed(), resident(&server));
        assert!(answered < Duration::from_secs(2), "{answered:?}");
        peers::tell(&format!(
            "A48: {number} idle sockets (opened in {opened:?}) and {number} idle connections: {idle} MiB, {with_sockets} MiB with \
             the sockets, {with_all} MiB with all; one more was answered in {answered:?}"
        ));
        drop((sockets, connections));
        // Every place comes back.
        let again: Vec<_> = (0..number).map(|_| socket(&server, &bearer).unwrap()).collect();
        drop(again);
        let (code, said) = server.stop();
        assert_eq!(code, 0, "{said}");
    }

    fn a48_a_house_without_descriptors_sheds_and_recovers(variables) {
        let place = folder();
        let data = place.path().join("data");
        administrator(&data, variables);
        let server = Server::spawn_within(256, &data, variables);
        server.wait_ready();
        let bearer = bearer(&server);
        let mut inside = connect(&server);
        assert!(ask(&mut inside, "/health", &bearer).starts_with("HTTP/1.1 200"));
        let mut sockets = Vec::new();
        let refused = loop {
            match socket(&server, &bearer) {
                Ok(socket) => sockets.push(socket),
                Err(refused) => break refused,
            }
            assert!(sockets.len() < 256, "there are more sockets than descriptors");
        };
        assert!(sockets.len() > 64 && refused.starts_with("HTTP/1.1 503"), "{} {refused}", sockets.len());
        // Whoever comes now hears that there is no room, and whoever is inside is served, from the database too.
        let crowd: Vec<_> = (0..400).map(|_| connect(&server)).collect();
        for path in ["/health", "/ready", "/api/v1/auth/me", "/api/v1/jobs"] {
            let said = ask(&mut inside, path, &bearer);
            assert!(said.starts_with("HTTP/1.1 200"), "{path}: {said}");
        }
        drop((sockets, crowd));
        let began = Instant::now();
        let back = loop {
            let me = server.ask("GET", "/api/v1/auth/me", &[("authorization", &bearer)], "");
            if me.is_some_and(|me| me.starts_with("HTTP/1.1 200")) {
                break began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(10), "it does not recover\n{}", server.said());
            std::thread::sleep(Duration::from_millis(50));
        };
        peers::tell(&format!("A48: with 256 descriptors it was itself again after {back:?}"));
        let (code, said) = server.stop();
        assert!(code == 0 && !said.contains("\"level\":\"error\""), "{said}");
    }
}
