//! The nearest right spelling: what a mistake offers beside the wrong name. Pure and bounded, for
//! it runs once per mistake over all names that would have been right.

/// Names that are looked at: a hint is no reason to compare thousands with thousands.
const MAX_CANDIDATES: usize = 500;

/// The candidate that a typing slip most likely meant, if one is near enough.
#[must_use]
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.is_empty() || wrong.len() > 200 {
        return None;
    }
    let lower = wrong.to_lowercase();
    let allowed = (lower.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|candidate| candidate.len().abs_diff(wrong.len()) <= 8)
        .map(|candidate| {
            (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, candidate)| *distance <= allowed || continues(&lower, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `int` for `integer`, `products` for `product`.
fn continues(wrong: &str, candidate: &str) -> bool {
    let candidate = candidate.to_lowercase();
    wrong.len() >= 3 && (candidate.starts_with(wrong) || wrong.starts_with(&candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_spelling_is_offered_and_a_far_one_is_not() {
        let names = ["text", "integer", "timestamptz", "boolean"];
        assert_eq!(nearest("txet", names), Some("text"));
        assert_eq!(nearest("int", names), Some("integer"));
        assert_eq!(nearest("TEXT", names), Some("text"));
        assert_eq!(nearest("bool", names), Some("boolean"));
        assert_eq!(nearest("varchar", names), None);
    }
}
