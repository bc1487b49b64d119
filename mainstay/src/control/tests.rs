//! Both sides of the socket, over a real one.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tasks::TaskGroup;
use types::Error;

use super::*;
use crate::orders::Order;

fn handler() -> Handler {
    Arc::new(|order| {
        Box::pin(async move {
            match order {
                Order::SetupLink { ttl_seconds } => Ok(json!({ "ttl": ttl_seconds })),
                Order::MailTest { .. } => Ok(json!({})),
                Order::AdminCreate { .. } => Err(Error::conflict("taken", "Somebody has this address.")),
            }
        })
    })
}

async fn asked(group: &TaskGroup, folder: &Path, order: Order) -> Reached {
    let folder = folder.to_owned();
    group.blocking("ask", move || ask(&folder, &order)).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_order_reaches_the_server_and_its_refusal_comes_back() {
    let place = tempfile::tempdir().unwrap();
    // Longer than the address of a socket may be.
    let folder = place.path().join("a".repeat(120));
    std::fs::create_dir(&folder).unwrap();
    let group = TaskGroup::new();
    let link = || Order::SetupLink { ttl_seconds: 7 };
    assert!(matches!(asked(&group, &folder, link()).await, Reached::Nobody));
    let control = open(&folder, &group, handler()).unwrap();
    let mode = std::fs::metadata(folder.join(SOCKET)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let Reached::Done(value) = asked(&group, &folder, link()).await else { panic!("not done") };
    assert_eq!(value["ttl"], 7);
    let admin =
        Order::AdminCreate { email: String::new(), password: String::new(), workspace: String::new() };
    let Reached::Refused { code, kind, .. } = asked(&group, &folder, admin).await else {
        panic!("not refused")
    };
    assert_eq!((code.as_str(), kind), ("taken", types::Kind::Conflict));
    assert!(group.shutdown(Duration::from_secs(5)).await.is_empty());
    // The socket of a killed server is still there and nobody answers.
    assert!(matches!(asked(&TaskGroup::new(), &folder, link()).await, Reached::Nobody));
    control.close();
    assert!(!folder.join(SOCKET).exists());
}

#[tokio::test]
async fn a_line_that_is_no_order_is_answered_without_repeating_it() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let place = tempfile::tempdir().unwrap();
    let group = TaskGroup::new();
    let _control = open(place.path(), &group, handler()).unwrap();
    let mut stream = tokio::net::UnixStream::connect(place.path().join(SOCKET)).await.unwrap();
    stream.write_all(b"{\"command\":\"drop-everything\",\"password\":\"hunter2\"}\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("unknown_order") && !answer.contains("hunter2"), "{answer}");
}
