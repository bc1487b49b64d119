//! Who is served next. Pure.

/// Whom work waits for, and how much of it is being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub name: String,
    pub running: usize,
}

/// Deals out `free` places: each goes to the lane for which the least is being done; among equals in the order given. So one
/// workspace with very much work gets what nobody else wants, and no more.
pub(crate) fn deal(free: usize, lanes: &[Lane]) -> Vec<usize> {
    let mut shares = vec![0; lanes.len()];
    for _ in 0..free {
        let next = (0..lanes.len()).min_by_key(|at| lanes[*at].running + shares[*at]);
        let Some(next) = next else { break };
        shares[next] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(running: &[usize]) -> Vec<Lane> {
        running
            .iter()
            .enumerate()
            .map(|(at, running)| Lane { name: at.to_string(), running: *running })
            .collect()
    }

    #[test]
    fn the_one_with_the_least_running_is_served_first() {
        assert_eq!(deal(3, &lanes(&[4, 0, 1])), [0, 2, 1]);
        assert_eq!(deal(1, &lanes(&[0, 0])), [1, 0]);
        assert_eq!(deal(5, &lanes(&[9])), [5]);
        assert_eq!(deal(5, &[]), Vec::<usize>::new());
    }
}
