//! One broken rule: where, what, and what to do about it. Every check gives these; `run` prints
//! them, one line each.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offence {
    /// The check that found it, as offenders.toml names it.
    pub check: &'static str,
    /// From the root, with `/`.
    pub path: String,
    /// From 1.
    pub line: usize,
    pub what: String,
    pub remedy: String,
    /// Worth knowing, but no reason to fail.
    pub soft: bool,
}

impl Offence {
    pub fn new(
        check: &'static str,
        path: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (path, what, remedy) = (path.into(), what.into(), remedy.into());
        Self { check, path, line, what, remedy, soft: false }
    }

    #[must_use]
    pub fn soft(self, soft: bool) -> Self {
        Self { soft, ..self }
    }

    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "check": self.check, "path": self.path, "line": self.line,
            "what": self.what, "remedy": self.remedy, "soft": self.soft,
        })
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let note = if self.soft { "note: " } else { "" };
        write!(out, "{}:{}: {note}{} — {}", self.path, self.line, self.what, self.remedy)
    }
}

/// The soft offences in one line.
pub fn summary(soft: &[Offence]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for offence in soft {
        *counts.entry(offence.check).or_default() += 1;
    }
    let parts: Vec<String> =
        counts.iter().map(|(check, count)| format!("{check} {count}")).collect();
    format!("notes past a soft limit: {} (--verbose lists them)", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offence_is_one_line_that_says_where_what_and_what_to_do() {
        let offence = Offence::new("sizes", "a/src/b.rs", 7, "is long", "split it");
        assert_eq!(offence.to_string(), "a/src/b.rs:7: is long — split it");
    }

    #[test]
    fn notes_are_summed_up_by_check() {
        let note = Offence::new("sizes", "a.rs", 1, "x", "y").soft(true);
        let line = summary(&[note.clone(), note]);
        assert_eq!(line, "notes past a soft limit: sizes 2 (--verbose lists them)");
    }
}
