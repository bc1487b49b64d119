//! From named prerequisites to an order.

use super::Stage;

/// A list of stages that can not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    #[error("two stages are called `{0}`")]
    Twice(&'static str),
    #[error("the stage `{stage}` needs `{needs}`, and no stage is called so")]
    Unknown { stage: &'static str, needs: &'static str },
    #[error("these stages wait for each other: {}", .0.join(", "))]
    Circle(Vec<&'static str>),
}

/// Takes the first stage of the rest that has all it needs, again and again: where the prerequisites leave a choice,
/// the order of the list decides.
pub(super) fn sort<C>(mut rest: Vec<Stage<C>>) -> Result<Vec<Stage<C>>, GraphError> {
    for (index, stage) in rest.iter().enumerate() {
        if rest[..index].iter().any(|earlier| earlier.name == stage.name) {
            return Err(GraphError::Twice(stage.name));
        }
        for needs in stage.needs {
            if !rest.iter().any(|other| other.name == *needs) {
                return Err(GraphError::Unknown { stage: stage.name, needs });
            }
        }
    }
    let mut sorted: Vec<Stage<C>> = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let ready =
            |stage: &Stage<C>| stage.needs.iter().all(|needs| sorted.iter().any(|s| s.name == *needs));
        let Some(next) = rest.iter().position(ready) else {
            return Err(GraphError::Circle(rest.iter().map(|stage| stage.name).collect()));
        };
        sorted.push(rest.remove(next));
    }
    Ok(sorted)
}
