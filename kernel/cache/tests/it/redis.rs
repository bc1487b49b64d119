//! Limits that nodes share, on a real Redis, and what is left of them without it.

use std::time::{Duration, Instant};

use cache::{Counters, Key, SharedOptions, StoreState};
use peers::{Break, Proxy, Redis, Way};
use tasks::TaskGroup;
use types::Clock;

const MINUTE: Duration = Duration::from_mins(1);
const LIMIT: u32 = 50;

fn options(url: String) -> SharedOptions {
    SharedOptions { url, password: String::new(), wait: Duration::from_millis(150), key: [7; 32] }
}

async fn node(url: String) -> Counters {
    Counters::in_redis(&options(url), 10_000, &TaskGroup::new()).await.unwrap()
}

async fn hit(counters: &Counters, subject: &str) -> bool {
    counters.hit(Key::new("sign_in", subject), LIMIT, MINUTE, Clock::system().now()).await.allowed
}

/// How many of `times` hits one after another are allowed.
async fn allowed(counters: &Counters, subject: &str, times: u32) -> u32 {
    let mut allowed = 0;
    for _ in 0..times {
        allowed += u32::from(hit(counters, subject).await);
    }
    allowed
}

async fn until(counters: &Counters, state: StoreState) -> Duration {
    let began = Instant::now();
    while counters.store() != state {
        assert!(began.elapsed() < Duration::from_secs(10), "never {state:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn p22_nodes_share_one_limit_to_the_last_hit() {
    let redis = Redis::start();
    let nodes = [node(redis.url()).await, node(redis.url()).await, node(redis.url()).await];
    let crowd = (0..60).map(|n| {
        let counters = nodes[n % 3].clone();
        tokio::spawn(async move { allowed(&counters, "crowd", 10).await })
    });
    let allowed: u32 = futures_util::future::join_all(crowd).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(allowed, LIMIT);
    assert_eq!(nodes[0].store(), StoreState::Up, "it was counted alone");
}

#[tokio::test]
async fn check_25_a_shared_window_counts_down_ends_and_begins_again() {
    let redis = Redis::start();
    let (one, other) = (node(redis.url()).await, node(redis.url()).await);
    let (key, span) = (Key::new("a", "b"), Duration::from_secs(1));
    let now = || Clock::system().now();
    let first = one.hit(key, 2, span, now()).await;
    assert_eq!((first.allowed, first.remaining, first.retry_after), (true, 1, 1));
    assert!(other.hit(key, 2, span, now()).await.allowed);
    assert!(!one.peek(key, 2, span, now()).await.allowed);
    let refused = one.hit(key, 2, span, now()).await;
    // The end is reckoned from what is left by the store's clock, so it is as good as the way there and back.
    let end = first.reset_at.plus(Duration::from_millis(200));
    assert!(!refused.allowed && refused.reset_at <= end, "{refused:?} {first:?}");
    other.refund(key, span, now()).await;
    assert!(one.peek(key, 2, span, now()).await.allowed);
    assert!(one.hit(key, 2, span, now()).await.allowed);
    assert!(!other.hit(key, 2, span, now()).await.allowed);
    tokio::time::sleep(span).await;
    assert!(other.hit(key, 2, span, now()).await.allowed);
    // A limit of nothing, and one that was lowered while the window was open.
    assert!(!one.hit(Key::new("a", "none"), 0, MINUTE, now()).await.allowed);
    assert!(!one.hit(key, 1, span, now()).await.allowed);
}

#[tokio::test]
async fn installations_do_not_count_together_and_subjects_are_not_readable() {
    let redis = Redis::start();
    let one = node(redis.url()).await;
    let other = SharedOptions { key: [8; 32], ..options(redis.url()) };
    let other = Counters::in_redis(&other, 10, &TaskGroup::new()).await.unwrap();
    assert_eq!(allowed(&one, "owner@example.test", LIMIT + 5).await, LIMIT);
    assert_eq!(allowed(&other, "owner@example.test", LIMIT + 5).await, LIMIT);
    let keys = redis.say(&["KEYS", "*"]);
    assert!(keys.contains("mainstay:") && !keys.contains("owner") && !keys.contains("sign_in"), "{keys}");
}

/// Kills the store in the middle of a window and starts it again, empty. Answers with how many hits were allowed in all.
async fn through_a_loss(counters: &Counters, redis: &Redis) -> u32 {
    let mut all = allowed(counters, "a", LIMIT / 2).await;
    redis.kill();
    all += allowed(counters, "a", LIMIT).await;
    assert_eq!(counters.store(), StoreState::Lost);
    redis.start_again();
    until(counters, StoreState::Up).await;
    all + allowed(counters, "a", LIMIT).await
}

#[tokio::test]
async fn p10_a_node_that_loses_the_store_keeps_its_limit_and_brings_it_back() {
    let redis = Redis::start();
    let counters = node(redis.url()).await;
    assert_eq!(through_a_loss(&counters, &redis).await, LIMIT);
    // What the node counted alone is in the store again, for the others.
    assert_eq!(allowed(&node(redis.url()).await, "a", LIMIT).await, 0);
}

#[tokio::test]
async fn p10_what_was_counted_alone_is_told_when_the_store_answers_again() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port());
    let (cut_off, other) = (node(redis.url_through(&proxy)).await, node(redis.url()).await);
    assert_eq!(allowed(&cut_off, "a", 10).await + allowed(&other, "a", 10).await, 20);
    proxy.refuse(true);
    proxy.cut();
    assert_eq!(allowed(&cut_off, "a", 20).await, 20, "it counts on from what it knew");
    assert_eq!(cut_off.store(), StoreState::Lost);
    proxy.open();
    until(&cut_off, StoreState::Up).await;
    // One hit tells the twenty: 20 shared, 20 alone, 1 now. A hit whose answer came too late counts on both sides.
    assert!(hit(&cut_off, "a").await);
    let left = allowed(&other, "a", LIMIT).await;
    assert!((LIMIT - 44..=LIMIT - 41).contains(&left), "{left}");
}

#[tokio::test]
async fn p10_nobody_waits_for_a_store_that_hangs_or_is_slow() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port());
    let counters = node(redis.url_through(&proxy)).await;
    for slow in [false, true] {
        let subject = if slow { "slow" } else { "hung" };
        assert!(hit(&counters, subject).await);
        if slow {
            proxy.delay(Duration::from_millis(400));
        } else {
            proxy.hang(true);
        }
        let began = Instant::now();
        assert_eq!(allowed(&counters, subject, 500).await, LIMIT - 1);
        // The first waits once; the breaker spares all others.
        assert!(began.elapsed() < Duration::from_millis(600), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(counters.store(), StoreState::Lost);
        proxy.open();
        let back = until(&counters, StoreState::Up).await;
        assert!(back < Duration::from_secs(5), "{back:?}");
        assert!(!hit(&counters, subject).await, "the loss gave a new limit away");
    }
    // One that nobody uses is missed within seconds as well.
    proxy.hang(true);
    until(&counters, StoreState::Lost).await;
}

#[tokio::test]
async fn p10_a_store_that_forgets_or_holds_nonsense_gives_nothing_away() {
    let redis = Redis::start();
    let counters = node(redis.url()).await;
    assert_eq!(allowed(&counters, "a", 20).await, 20);
    let keys = redis.say(&["KEYS", "*"]);
    let names = keys.lines().filter(|line| line.starts_with("mainstay:")).map(str::to_owned);
    let names: Vec<String> = names.collect();
    let mut left = LIMIT - 20;
    redis.say(&["FLUSHALL"]);
    assert!(hit(&counters, "a").await);
    left -= 1;
    redis.say(&["SCRIPT", "FLUSH"]);
    assert!(hit(&counters, "a").await);
    left -= 1;
    for wrong in [["LPUSH", "x"], ["SET", "no number"], ["SET", "-1000000"], ["SET", "1.5"], ["SET", "nan"]] {
        for name in &names {
            redis.say(&["DEL", name]);
            redis.say(&[wrong[0], name, wrong[1]]);
        }
        assert!(hit(&counters, "a").await, "{wrong:?}");
        left -= 1;
    }
    assert_eq!(allowed(&counters, "a", 2 * LIMIT).await, left);
    assert_eq!(counters.store(), StoreState::Up);
    // A window that would never end is one of nobody's making.
    for name in &names {
        redis.say(&["PERSIST", name]);
    }
    assert!(!hit(&counters, "a").await);
    // The keeper's own key is put right at its next look.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!names.is_empty() && names.iter().all(|name| redis.say(&["PTTL", name]) != ":-1\r\n"));
}

#[tokio::test]
async fn p10_a_store_that_refuses_to_write_is_a_lost_one() {
    let redis = Redis::start();
    let counters = node(redis.url()).await;
    redis.say(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(allowed(&counters, "a", 2 * LIMIT).await, LIMIT);
    assert_eq!(counters.store(), StoreState::Lost);
    redis.say(&["CONFIG", "SET", "maxmemory", "0"]);
    until(&counters, StoreState::Up).await;
}

#[tokio::test]
async fn p10_a_store_that_does_not_let_us_in_leaves_each_node_its_limit() {
    let redis = Redis::with_password("hunter2");
    for password in ["", "wrong"] {
        let options = SharedOptions { password: password.into(), ..options(redis.url()) };
        let counters = Counters::in_redis(&options, 100, &TaskGroup::new()).await.unwrap();
        assert_eq!((counters.store(), allowed(&counters, "a", 99).await), (StoreState::Lost, LIMIT));
    }
    let right = SharedOptions { password: "hunter2".into(), ..options(redis.url()) };
    let counters = Counters::in_redis(&right, 100, &TaskGroup::new()).await.unwrap();
    assert_eq!(counters.store(), StoreState::Up);
    let nobody = node(format!("redis://127.0.0.1:{}/0", peers::free_port())).await;
    assert_eq!((nobody.store(), allowed(&nobody, "a", 99).await), (StoreState::Lost, LIMIT));
    let secret = options("redis://:hunter2@host:notaport/0".into());
    let error = Counters::in_redis(&secret, 1, &TaskGroup::new()).await.err().unwrap();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

/// The conversation of one hit, broken at every byte in both directions, by a reset and by silence: nobody is let in
/// beyond the limit, and it is whole again by itself.
#[tokio::test]
async fn p10_a_conversation_that_breaks_at_any_byte_keeps_the_limit() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port());
    for (way, length) in [(Way::ToServer, 260_u64), (Way::ToClient, 24)] {
        for byte in (0..length).step_by(if peers::full() { 1 } else { usize::try_from(length / 6).unwrap() })
        {
            for how in [Break::Cut, Break::Hang] {
                let subject = format!("{way:?}{byte}{how:?}");
                let tasks = TaskGroup::new();
                let through = options(redis.url_through(&proxy));
                let counters = Counters::in_redis(&through, 100, &tasks).await.unwrap();
                proxy.break_after(way, byte, how);
                // A reset answer was counted there and here: stricter by one, never looser.
                let let_in = allowed(&counters, &subject, 2 * LIMIT).await;
                assert!((LIMIT - 1..=LIMIT).contains(&let_in), "{subject}: {let_in}");
                proxy.open();
                until(&counters, StoreState::Up).await;
                assert!(!hit(&counters, &subject).await, "{subject}");
                tasks.shutdown(Duration::from_secs(1)).await;
            }
        }
    }
}

#[cfg(feature = "faults")]
#[tokio::test]
async fn p10_a_limiter_that_opens_when_the_store_is_lost_is_found() {
    let redis = Redis::start();
    let counters = node(redis.url()).await;
    counters.plant(Some(cache::faults::Fault::OpenWhenLost));
    assert!(through_a_loss(&counters, &redis).await > LIMIT);
}
