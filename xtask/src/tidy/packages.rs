//! A ceiling on the packages that we trust: all in Cargo.lock, our own included.

use super::{Offence, Tree};

const LOCK: &str = "Cargo.lock";

/// Raised only together with the capability that needs it, with the reason here; never above 600.
pub const CEILING: usize = 350;

pub fn check(tree: &Tree, ceiling: usize) -> Option<Offence> {
    let count = tree.text(LOCK)?.lines().filter(|line| *line == "[[package]]").count();
    if count <= ceiling {
        return None;
    }
    let what = format!("has {count} packages, more than {ceiling}");
    let remedy = "find what brought them (`cargo tree --duplicates`) and do without";
    Some(Offence::new("packages", LOCK, 1, what, remedy))
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted;
    use super::*;

    #[test]
    fn one_package_above_the_ceiling_fails() {
        let (_folder, tree) = planted::tree(&[(LOCK, &"[[package]]\nname = \"a\"\n".repeat(3))]);
        assert_eq!(check(&tree, 3), None);
        let found = check(&tree, 2).map(|offence| offence.to_string()).unwrap_or_default();
        assert!(found.starts_with("Cargo.lock:1: has 3 packages, more than 2 — "), "{found}");
    }
}
