//! "Did you mean": the nearest of the names that exist.

/// The hint for a name nobody knows.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = name.to_ascii_lowercase();
    known
        .into_iter()
        .map(|candidate| (score(&name, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

/// A key typed without its section is as near as a typing mistake.
fn score(name: &str, candidate: &str) -> f64 {
    let bare = candidate.rsplit('.').next().unwrap_or(candidate);
    let whole = similar(name, candidate);
    if bare == candidate || name.contains('.') { whole } else { whole.max(similar(name, bare) - 0.01) }
}

fn similar(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b) * 0.4 + strsim::normalized_damerau_levenshtein(a, b) * 0.6
}
