//! What must hold of every file. Each check is a function from the tree to its offences; `run`
//! takes away those that `offenders.toml` grants, prints the rest and sets the exit code.

mod arrows;
mod codes;
mod documents;
mod holes;
mod names;
mod offence;
mod offenders;
mod openings;
mod packages;
mod shown;
mod sizes;
mod source;
mod tree;

use std::path::Path;
use std::process::ExitCode;

pub use offence::Offence;
pub use tree::Tree;
#[cfg(test)]
pub use tree::planted;

use crate::{compatibility, docs};

/// The grants, beside the code that reads them.
const OFFENDERS: &str = "xtask/offenders.toml";

/// Every check, in the order of the page in CONTRIBUTING.md.
fn offences(tree: &Tree) -> Vec<Offence> {
    let sources = source::read_all(tree);
    let mut found = Vec::new();
    found.extend(arrows::check(tree));
    found.extend(openings::check(tree));
    found.extend(sizes::check(tree, &sources));
    found.extend(names::check(tree, &sources));
    found.extend(holes::check(tree));
    found.extend(documents::check(tree));
    found.extend(shown::check(tree));
    found.extend(codes::check(tree, &sources, &codes::known()));
    found.extend(compatibility::check(tree));
    found.extend(docs::check(tree, docs::PAGES));
    found.extend(packages::check(tree, packages::CEILING));
    found.extend(sources.unreadable);
    found
}

/// What is left of the offences when those that the list grants are taken away.
fn judge(tree: &Tree) -> Vec<Offence> {
    let list = tree.text(OFFENDERS).unwrap_or("most = 0\n");
    offenders::apply(OFFENDERS, list, offences(tree))
}

/// Prints what is wrong with the tree at `root`.
pub fn run(root: &Path, verbose: bool, json: bool) -> Result<ExitCode, String> {
    let tree = Tree::read(root)?;
    let (soft, hard): (Vec<_>, Vec<_>) = judge(&tree).into_iter().partition(|found| found.soft);
    if json {
        let all: Vec<_> = hard.iter().chain(&soft).map(Offence::to_json).collect();
        println!("{}", serde_json::Value::from(all));
    } else {
        hard.iter().for_each(|offence| println!("{offence}"));
        if verbose {
            soft.iter().for_each(|offence| println!("{offence}"));
        } else if !soft.is_empty() {
            println!("{}", offence::summary(&soft));
        }
        println!("{} files read, {} offences", tree.files().len(), hard.len());
    }
    Ok(if hard.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let root = crate::root::find().unwrap();
        let tree = Tree::read(&root).unwrap();
        let hard: Vec<String> =
            judge(&tree).iter().filter(|offence| !offence.soft).map(ToString::to_string).collect();
        assert!(hard.is_empty(), "\n{}", hard.join("\n"));
    }
}
