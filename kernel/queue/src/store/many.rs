//! Statements about many jobs: the length of a list is one of a few, so that there are few statements to prepare.

use types::Scalar;

use crate::JobId;

/// Lengths of lists; what is longer than the last has its own.
const LENGTHS: [usize; 5] = [1, 4, 16, 64, 256];

/// A list of ids as it stands in a statement.
pub(super) struct List {
    /// `$3, $4, $5`
    pub places: String,
    pub params: Vec<Scalar>,
}

/// The list, filled up with its last id, for a statement that has so many other parameters before. `None` when it is empty.
pub(super) fn ids(ids: &[JobId], before: usize) -> Option<List> {
    let last = ids.last()?;
    let length = LENGTHS.into_iter().find(|length| *length >= ids.len()).unwrap_or(ids.len());
    let places: Vec<String> = (before + 1..=before + length).map(|at| format!("${at}")).collect();
    let fill = std::iter::repeat_n(last, length - ids.len());
    Some(List { places: places.join(", "), params: ids.iter().chain(fill).map(|id| (*id).into()).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_lengths() {
        let id = JobId(types::Id::from_bytes([7; 16]));
        assert!(ids(&[], 0).is_none());
        for (count, length) in [(1, 1), (2, 4), (4, 4), (17, 64), (300, 300)] {
            assert_eq!(ids(&vec![id; count], 2).unwrap().params.len(), length, "{count}");
        }
        assert_eq!(ids(&[id; 3], 2).unwrap().places, "$3, $4, $5, $6");
    }
}
