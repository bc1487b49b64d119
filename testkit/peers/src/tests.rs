//! The peers start, do what they say and leave nothing behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Break, Folder, Options, Postgres, Proxy, Redis, Way, When, admin, free_port, postgres};

fn one(url: &str, sql: &str) -> String {
    admin::with(url, async |client| client.query_one(sql, &[]).await.map(|row| row.get::<_, String>(0)))
        .unwrap()
}

fn within(limit: Duration, what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_fresh_database_is_utf8_compares_as_english_and_is_dropped() {
    let database = postgres().fresh_database();
    assert_eq!(one(&database.url, "SELECT current_setting('server_encoding')"), "UTF8");
    assert_eq!(
        one(&database.url, "SELECT ('a' < 'B')::text || ('a' < 'B' COLLATE \"C\")::text"),
        "truefalse"
    );
    assert_eq!(one(&database.url, "SELECT current_setting('max_connections')"), "200");
    let url = database.url.clone();
    drop(database);
    assert!(admin::run(&url, "SELECT 1").is_err(), "the database outlived its test");
}

#[test]
fn a_template_is_filled_once_and_its_clones_are_apart() {
    let fill =
        |url: &str| admin::run(url, "CREATE TABLE kept (n BIGINT); INSERT INTO kept VALUES (7)").unwrap();
    let template = postgres().template("sample", "key 1", fill);
    let again = postgres().template("sample", "key 1", |_| panic!("filled twice"));
    let (first, second) = (postgres().clone_of(&template), postgres().clone_of(&again));
    admin::run(&first.url, "UPDATE kept SET n = 8").unwrap();
    assert_eq!(one(&first.url, "SELECT n::text FROM kept"), "8");
    assert_eq!(one(&second.url, "SELECT n::text FROM kept"), "7");
}

#[tokio::test]
async fn databases_are_made_and_dropped_inside_a_runtime() {
    let database = postgres().fresh_database();
    assert!(tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.is_ok());
}

#[test]
fn a_restart_keeps_what_was_committed_and_the_port() {
    let server = Postgres::start(Options::default());
    let url = server.url("postgres");
    assert_eq!(one(&url, "SELECT current_setting('fsync')"), "on");
    admin::run(&url, "CREATE TABLE kept (n BIGINT); INSERT INTO kept VALUES (7)").unwrap();
    let before = server.pid();
    server.restart_immediate();
    assert_ne!(server.pid(), before);
    assert_eq!(one(&url, "SELECT n::text FROM kept"), "7");
    server.stop();
    assert!(admin::run(&url, "SELECT 1").is_err(), "it answers after it was stopped");
    let pid = before.unwrap();
    drop(server);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

fn program(name: &str) -> PathBuf {
    // .../target/debug/deps/peers-0123 -> .../target/debug/name
    let here = std::env::current_exe().unwrap();
    here.parent().and_then(Path::parent).unwrap().join(name)
}

#[test]
fn a_server_is_gone_after_its_owner_was_killed() {
    let owner = program("with-postgres");
    if !owner.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "--locked", "-p", "peers"]).status().unwrap();
        assert!(built.success());
    }
    let script = "echo $MAINSTAY_TEST_POSTGRES; sleep 60";
    let mut owner = Command::new(owner).args(["sh", "-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(owner.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let url = url.trim();
    let data = PathBuf::from(one(url, "SELECT current_setting('data_directory')"));
    let pid = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap();
    owner.kill().unwrap();
    owner.wait().unwrap();
    within(Duration::from_secs(15), "the folder is removed", || !data.parent().unwrap().exists());
    within(Duration::from_secs(15), "nothing answers", || admin::run(url, "SELECT 1").is_err());
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "the server still runs: {state}");
}

#[test]
fn a_commit_is_cut_before_or_after_it_happened() {
    let database = postgres().fresh_database();
    admin::run(&database.url, "CREATE TABLE kept (n BIGINT)").unwrap();
    let proxy = Proxy::to(postgres().port());
    let port = postgres().port().to_string();
    let through = database.url.replace(&port, &proxy.port().to_string());
    let insert = |n: u8| {
        admin::with(&through, async |client| {
            client.batch_execute("BEGIN").await?;
            client.batch_execute(&format!("INSERT INTO kept VALUES ({n})")).await?;
            client.batch_execute("COMMIT").await
        })
    };
    insert(1).unwrap();
    proxy.on(b"COMMIT", When::Before);
    assert!(insert(2).is_err());
    proxy.on(b"COMMIT", When::Answered);
    assert!(insert(3).is_err());
    assert_eq!(proxy.fired(), 2);
    insert(4).unwrap();
    let kept = one(&database.url, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM kept");
    assert_eq!(kept, "1 3 4");
}

/// A server that sends back what it gets.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut peer in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut back = peer.try_clone().unwrap();
                let _ = std::io::copy(&mut peer, &mut back);
            });
        }
    });
    port
}

fn say(stream: &mut TcpStream, text: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    stream.write_all(text.as_bytes())?;
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn the_proxy_cuts_hangs_refuses_and_counts() {
    let proxy = Proxy::to(echo());
    let connect = || TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    let mut open = connect();
    assert_eq!(say(&mut open, "hello").unwrap(), "hello");
    proxy.hang(true);
    assert_eq!(say(&mut open, "later").unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    proxy.hang(false);
    let mut later = [0; 5];
    open.read_exact(&mut later).unwrap();
    assert_eq!(&later, b"later");
    proxy.cut();
    within(Duration::from_secs(5), "an open connection is reset", || say(&mut open, "x").is_err());

    let mut third = connect();
    proxy.cut_after(4);
    assert_eq!(say(&mut third, "1234").unwrap(), "1234");
    assert!(say(&mut third, "5").is_err());

    proxy.refuse(true);
    assert!(say(&mut connect(), "x").is_err());
    proxy.refuse(false);
    let mut split = connect();
    proxy.on(b"COMMIT", When::Before);
    assert_eq!(say(&mut split, "..COM").unwrap(), "..COM");
    assert!(say(&mut split, "MIT..").is_err(), "a pattern in two pieces passed");
    assert_eq!((proxy.fired(), proxy.accepted()), (2, 4));
}

#[test]
fn folders_go_and_ports_differ() {
    let folder = Folder::new();
    let path = folder.join("a");
    std::fs::write(&path, "x").unwrap();
    drop(folder);
    assert!(!path.exists());
    assert_ne!(free_port(), free_port());
}

#[test]
fn the_proxy_breaks_at_the_byte_it_was_told() {
    let proxy = Proxy::to(echo());
    let connect = || TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    let mut one = connect();
    proxy.mark(b"lo");
    assert_eq!(say(&mut one, "hello").unwrap(), "hello");
    assert_eq!((proxy.mark_at(Way::ToServer), proxy.passed(Way::ToClient)), (Some(3), 5));
    proxy.break_after(Way::ToClient, 3, Break::Cut);
    assert!(proxy.waits());
    one.write_all(b"hello").unwrap();
    let mut got = Vec::new();
    let _ = one.read_to_end(&mut got);
    assert_eq!((got.as_slice(), proxy.waits()), (b"hel".as_slice(), false));

    let mut two = connect();
    proxy.break_after(Way::ToServer, 2, Break::Hang);
    assert!(say(&mut two, "12345").is_err());
    proxy.open();
    let mut late = [0; 5];
    two.read_exact(&mut late).unwrap();
    assert_eq!(&late, b"12345");

    proxy.trickle(true);
    assert_eq!(say(&mut two, "slowly").unwrap(), "slowly");
    proxy.break_after(Way::ToServer, 0, Break::Gone);
    assert!(say(&mut two, "x").is_err() && say(&mut connect(), "x").is_err());
    proxy.open();
    assert_eq!(say(&mut connect(), "back").unwrap(), "back");
}

#[test]
fn a_redis_wants_its_password_forgets_when_it_is_killed_and_is_gone_afterwards() {
    let redis = Redis::with_password("secret");
    let mut stranger = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    stranger.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stranger.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"-NOAUTH");
    redis.say(&["SET", "kept", "1"]);
    assert!(redis.say(&["GET", "kept"]).starts_with("$1"));
    redis.kill();
    redis.start_again();
    assert!(redis.say(&["GET", "kept"]).starts_with("$-1"));
    let port = redis.port();
    drop(redis);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}
