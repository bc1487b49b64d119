//! A commit that lands late. Only on PostgreSQL: SQLite has one writer, whose commits stand in a row.

use std::time::Duration;

use journal::{Position, Since};

use crate::place::{Place, subjects, workspace};

/// Follows the feed while the first of two transactions commits last, and tells what it saw.
pub(crate) async fn follow(place: &Place) -> Vec<String> {
    let scope = workspace();
    let first = tokio::spawn(place.begin(&scope, "first", 0.8));
    tokio::time::sleep(Duration::from_millis(300)).await;
    place.append(&scope, "second").await;
    assert!(!first.is_finished(), "the machine is too slow for this test");
    let mut seen = Vec::new();
    let mut from = Since::Position(Position::BEGINNING);
    let mut first = Some(first);
    for _ in 0..200 {
        let events = place.after(&scope, from, 10).await.unwrap();
        if let Some(last) = events.last() {
            from = last.position.into();
        }
        seen.extend(subjects(&events).into_iter().map(str::to_owned));
        if let Some(first) = first.take() {
            first.await.unwrap().unwrap();
        }
        if seen.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    seen
}
