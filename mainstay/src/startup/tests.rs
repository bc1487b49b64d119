//! The graph itself.

use super::*;

#[test]
fn the_stages_have_an_order_for_both_purposes() {
    let serve = graph(Purpose::Serve).unwrap().names();
    assert_eq!(serve.first(), Some(&"config"));
    assert_eq!(serve.last(), Some(&"listener"));
    let command = graph(Purpose::Command).unwrap().names();
    assert!(!command.contains(&"door"));
    assert_eq!(command.last(), Some(&"systems"));
}

#[test]
fn the_guide_explains_every_stage() {
    let guide = include_str!("../../../docs/guide/stages.md");
    for name in graph(Purpose::Serve).unwrap().names() {
        assert!(guide.contains(&format!("\n## {name}\n")), "docs/guide/stages.md has no section `{name}`");
    }
}
