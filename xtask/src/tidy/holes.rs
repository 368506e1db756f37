//! A gate with a hole is made by `verify` alone, which proves that the hole is found: nobody else
//! may call what takes a guard out, or it could be served.

use super::{Offence, Tree};

const CHECK: &str = "holes";
/// In two parts, for this file is looked at too.
const CALL: &str = concat!(".weak", "ened(");
/// Where it is made, and where it is used.
const ALLOWED: [&str; 2] = ["crates/gate/src/", "crates/verify/"];

pub fn check(tree: &Tree) -> Vec<Offence> {
    let outside = |path: &str| !ALLOWED.iter().any(|allowed| path.starts_with(allowed));
    let mut found = Vec::new();
    for file in tree.ending("rs").filter(|file| outside(&file.path)) {
        let calls = file.text.lines().enumerate().filter(|(_, line)| line.contains(CALL));
        for (at, _) in calls {
            let what = "takes a guard out of the gate";
            found.push(Offence::new(CHECK, &file.path, at + 1, what, "only `verify` may"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::planted;

    #[test]
    fn a_hole_outside_of_the_proof_fails() {
        let text = format!("fn f(gate: Gate) {{ gate{CALL}Weakness::Check); }}");
        let found = check(&planted::tree(&[("mainstay/src/application.rs", &text)]).1);
        assert_eq!(found.len(), 1);
        assert!(check(&planted::tree(&[("crates/verify/src/world.rs", &text)]).1).is_empty());
    }
}
