//! The startup graph, with stages that write down what happens to them.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::*;
use crate::TaskGroup;

#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: String) {
        self.0.lock().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

fn good(name: &'static str, needs: &'static [&'static str]) -> Stage<Diary> {
    Stage::new(name, needs, move |diary: &mut Diary| {
        Box::pin(async move {
            diary.note(format!("up {name}"));
            let diary = diary.clone();
            Ok(Undo::new(async move {
                diary.note(format!("down {name}"));
                Ok(())
            }))
        })
    })
}

fn bad(name: &'static str, needs: &'static [&'static str]) -> Stage<Diary> {
    Stage::new(name, needs, |_| {
        Box::pin(async { Err(Failure::new("the disk is made of cheese").next_step("Buy a disk.").exit(8)) })
    })
}

async fn start(stages: Vec<Stage<Diary>>) -> (Diary, Result<Started, StartError>) {
    let mut diary = Diary::default();
    let group = TaskGroup::new();
    let end = Graph::new(stages).unwrap().start(&mut diary, &group.stopping(), &|_| {}).await;
    (diary, end)
}

const NAMES: [&str; 5] = ["one", "two", "three", "four", "five"];

#[tokio::test]
async fn check_15_a_failing_stage_rolls_the_others_back_in_reverse() {
    for failing in 0..NAMES.len() {
        let stages = NAMES
            .iter()
            .enumerate()
            .map(|(n, name)| if n == failing { bad(name, &[]) } else { good(name, &[]) })
            .collect();
        let (diary, end) = start(stages).await;
        let error = end.err().expect("the stage fails");
        let up = NAMES[..failing].iter().map(|name| format!("up {name}"));
        let down = NAMES[..failing].iter().rev().map(|name| format!("down {name}"));
        assert_eq!(diary.lines(), up.chain(down).collect::<Vec<_>>());
        assert_eq!(error.undone, NAMES[..failing].iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(error.exit, 8);
        let text = error.to_string();
        for part in [NAMES[failing], "the disk is made of cheese", "Next step: Buy a disk."] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[tokio::test]
async fn an_undo_that_fails_panics_or_hangs_does_not_stop_the_others() {
    let undo = |name, undo: fn() -> Undo| {
        Stage::new(name, &[], move |_: &mut Diary| Box::pin(async move { Ok(undo()) }))
    };
    let (diary, end) = start(vec![
        good("first", &[]),
        undo("fails", || Undo::new(async { Err("it is stuck".to_owned()) })),
        undo("panics", || Undo::new(async { panic!("on purpose") })),
        undo("hangs", || Undo::new(std::future::pending()).within(Duration::from_millis(20))),
        good("last", &[]),
    ])
    .await;
    let problems = end.unwrap().stop(&|_| {}).await;
    assert_eq!(diary.lines(), ["up first", "up last", "down last", "down first"]);
    let stages: Vec<_> = problems.iter().map(|problem| problem.stage).collect();
    assert_eq!(stages, ["hangs", "panics", "fails"]);
    assert!(problems[1].to_string().contains("on purpose"));
}

#[tokio::test]
async fn a_stage_that_panics_is_a_stage_that_fails() {
    let panics = Stage::new("panics", &[], |_: &mut Diary| Box::pin(async { panic!("on purpose") }));
    let (diary, end) = start(vec![good("one", &[]), panics]).await;
    let text = end.err().expect("the stage fails").to_string();
    assert!(text.contains("`panics`") && text.contains("on purpose"), "{text}");
    assert_eq!(diary.lines(), ["up one", "down one"]);
}

#[tokio::test]
async fn an_interrupted_start_goes_back() {
    let waits = Stage::new("waits", &[], |_: &mut Diary| Box::pin(std::future::pending()));
    let mut diary = Diary::default();
    let group = TaskGroup::new();
    let graph = Graph::new(vec![good("one", &[]), waits]).unwrap();
    let stopping = group.stopping();
    let tell = |progress: Progress| {
        if matches!(progress, Progress::Starting { stage: "waits", number: 2, of: 2 }) {
            group.stop();
        }
    };
    let error = graph.start(&mut diary, &stopping, &tell).await.err().expect("it was interrupted");
    assert!(error.interrupted);
    assert_eq!(error.exit, 130);
    assert_eq!(diary.lines(), ["up one", "down one"]);
}

#[test]
fn prerequisites_decide_the_order_and_the_list_decides_the_rest() {
    let graph = Graph::new(vec![
        good("listener", &["systems", "database"]),
        good("systems", &["database"]),
        good("config", &[]),
        good("database", &["config"]),
        good("cache", &["config"]),
    ])
    .unwrap();
    assert_eq!(graph.names(), ["config", "database", "systems", "listener", "cache"]);
}

#[test]
fn a_graph_that_can_not_run_is_refused() {
    let refused = |stages| Graph::new(stages).err().expect("it can not run");
    assert_eq!(refused(vec![good("a", &[]), good("a", &[])]), GraphError::Twice("a"));
    assert_eq!(refused(vec![good("a", &["b"])]), GraphError::Unknown { stage: "a", needs: "b" });
    assert_eq!(refused(vec![good("a", &["a"])]), GraphError::Circle(vec!["a"]));
    let circle = refused(vec![good("a", &["c"]), good("b", &["a"]), good("c", &["b"]), good("d", &[])]);
    assert_eq!(circle, GraphError::Circle(vec!["a", "b", "c"]));
}

#[cfg(feature = "faults")]
#[tokio::test]
async fn a_planted_fault_fails_its_stage_before_and_after() {
    let scenario = fail::FailScenario::setup();
    fail::cfg("stage.faulty.before", "return(x)").unwrap();
    let (diary, end) = start(vec![good("one", &[]), good("faulty", &[])]).await;
    assert_eq!(end.err().expect("planted").stage, "faulty");
    assert_eq!(diary.lines(), ["up one", "down one"]);
    fail::remove("stage.faulty.before");
    fail::cfg("stage.faulty.after", "return(x)").unwrap();
    let (diary, end) = start(vec![good("one", &[]), good("faulty", &[])]).await;
    assert_eq!(end.err().expect("planted").undone, ["faulty", "one"]);
    assert_eq!(diary.lines(), ["up one", "up faulty", "down faulty", "down one"]);
    scenario.teardown();
}
