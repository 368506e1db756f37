//! LIKE as PostgreSQL means it: case-sensitive, `%` and `_`, backslash escapes; ILIKE folds case
//! over all of Unicode. SQLite's own folds ASCII only and has no default escape.

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    fold_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Char(char),
    /// `_`
    One,
    /// `%`
    Any,
}

impl Pattern {
    /// A pattern that ends in a lone backslash takes it as itself; the plan refuses it earlier.
    pub fn new(pattern: &str, fold_case: bool) -> Self {
        let folded = if fold_case { fold(pattern) } else { pattern.to_owned() };
        let mut parts = Vec::with_capacity(folded.len());
        let mut rest = folded.chars();
        while let Some(c) = rest.next() {
            let part = match c {
                '\\' => Part::Char(rest.next().unwrap_or('\\')),
                '_' => Part::One,
                '%' => Part::Any,
                c => Part::Char(c),
            };
            if part != Part::Any || parts.last() != Some(&Part::Any) {
                parts.push(part);
            }
        }
        Self { parts, fold_case }
    }

    /// Linear in the text for each `%`: on a mismatch only the last `%` is tried further on.
    pub fn matches(&self, text: &str) -> bool {
        if self.fold_case {
            return self.matches_folded(&fold(text));
        }
        self.matches_folded(text)
    }

    fn matches_folded(&self, text: &str) -> bool {
        let (mut at, mut rest) = (0, text.chars());
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let before = rest.clone();
            match (self.parts.get(at), rest.next()) {
                (Some(Part::Any), _) => {
                    rest = before;
                    at += 1;
                    retry = Some((at, rest.clone()));
                    continue;
                }
                (None, None) => return true,
                (Some(Part::One), Some(_)) => {
                    at += 1;
                    continue;
                }
                (Some(Part::Char(wanted)), Some(c)) if *wanted == c => {
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((from, mut later)) = retry.take() else {
                return false;
            };
            if later.next().is_none() {
                return false;
            }
            (at, rest) = (from, later.clone());
            retry = Some((from, later));
        }
    }
}

fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_postgres_does() {
        for (pattern, text, fold_case, expect) in [
            ("a%", "abc", false, true),
            ("a%", "Abc", false, false),
            ("A%", "abc", true, true),
            ("%ÄRGER%", "viel ärger hier", true, true),
            ("_b_", "abc", false, true),
            ("_b_", "ab", false, false),
            (r"100\%", "100%", false, true),
            (r"100\%", "1000", false, false),
            (r"a\_b", "a_b", false, true),
            (r"a\_b", "axb", false, false),
            ("%", "", false, true),
            ("", "", false, true),
            ("", "x", false, false),
            ("%a%b%c%", "xxaxxbxxcxx", false, true),
            ("%a%b%c%", "xxcxxbxxaxx", false, false),
            ("%abc", "ababc", false, true),
            ("日_語%", "日本語です", false, true),
        ] {
            let got = Pattern::new(pattern, fold_case).matches(text);
            assert_eq!(got, expect, "{text:?} like {pattern:?}");
        }
    }

    #[test]
    fn a_pattern_of_many_wildcards_does_not_explode() {
        let pattern = Pattern::new(&"%a".repeat(500), false);
        assert!(!pattern.matches(&"a".repeat(400)));
        assert!(
            !Pattern::new(&format!("{}b", "%a".repeat(200)), false).matches(&"a".repeat(20_000))
        );
    }
}
