//! Every path that our documents name exists: in links, in backticks, and in blocks of commands.
//! A word is a path when it has a `/` and begins with a folder at the root.

use super::tree::File;
use super::{Offence, Tree};

const CHECK: &str = "documents";

pub fn check(tree: &Tree) -> Vec<Offence> {
    tree.ending("md").flat_map(|file| read(tree, file)).collect()
}

fn read(tree: &Tree, file: &File) -> Vec<Offence> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        let code: Vec<&str> = match in_block {
            true => vec![line],
            false => line.split('`').skip(1).step_by(2).collect(),
        };
        let named = code.iter().flat_map(|text| text.split_whitespace()).map(bare);
        let missing = named.filter(|word| is_path(tree, word) && !tree.exists(word));
        let linked = if in_block { Vec::new() } else { links(line) };
        let broken = linked.into_iter().filter(|target| !resolves(tree, file, target));
        for path in missing.chain(broken) {
            let what = format!("names `{path}`, which does not exist");
            found.push(Offence::new(CHECK, &file.path, at + 1, what, "correct the path"));
        }
    }
    found
}

/// The word without what surrounds it in a sentence, and without a line number.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(|c: char| "\"'(),;:".contains(c));
    let word = word.trim_end_matches('.');
    match word.rsplit_once(':') {
        Some((path, line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => path,
        _ => word,
    }
}

fn is_path(tree: &Tree, word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let Some((first, _)) = word.split_once('/') else { return false };
    let ours = !first.is_empty() && !first.chars().all(|c| c == '.') && tree.exists(first);
    ours && word.chars().all(plain) && !is_made(word)
}

/// What is made by building or serving is not in the repository.
fn is_made(path: &str) -> bool {
    let in_example = path.starts_with("examples/") && path.split('/').any(|part| part == "data");
    in_example || path.starts_with("target/")
}

/// Targets of links to this repository.
fn links(line: &str) -> Vec<&str> {
    let starts = line.match_indices("](").map(|(at, found)| at + found.len());
    let targets = starts.filter_map(|at| line[at..].split([')', ' ']).next());
    let targets = targets.map(|target| target.split('#').next().unwrap_or(target));
    targets.filter(|target| !target.is_empty() && !target.contains(':')).collect()
}

fn resolves(tree: &Tree, file: &File, target: &str) -> bool {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    match target.strip_prefix('/') {
        Some(from_root) => tree.exists(from_root),
        None if folder.is_empty() => tree.exists(target),
        None => tree.exists(&format!("{folder}/{target}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let files = [(path, text), ("crates/a/src/lib.rs", ""), ("docs/b.md", "")];
        let (_folder, tree) = planted::tree(&files);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_that_exist_and_words_that_are_no_paths_pass() {
        let text = "See `crates/a/src/lib.rs:12`, `crates/a/`, [b](docs/b.md#top), \
                    [web](https://example.org/x), [below](#here), `and/or`, `crates/*/src`, \
                    `/rest/v1`.\n```\ncat crates/a/src/lib.rs; ls music/data\n```\n";
        assert_eq!(found("README.md", text), Vec::<String>::new());
        assert_eq!(found("docs/c.md", "[b](b.md) [a](../crates/a) [r](/docs)\n"), [""; 0]);
    }

    #[test]
    fn a_path_in_backticks_that_is_gone_fails() {
        assert_eq!(
            found("README.md", "\nSee `crates/a/src/gone.rs`.\n"),
            ["README.md:2: names `crates/a/src/gone.rs`, which does not exist — correct the path"]
        );
    }

    #[test]
    fn a_path_in_a_block_that_is_gone_fails() {
        let bad = found("README.md", "```sh\nmainstay serve docs/gone.toml\n```\n");
        assert!(bad[0].starts_with("README.md:2: names `docs/gone.toml`"), "{bad:?}");
    }

    #[test]
    fn a_link_that_leads_nowhere_fails() {
        let bad = found("docs/c.md", "[x](gone.md#a)\n");
        assert!(bad[0].starts_with("docs/c.md:1: names `gone.md`"), "{bad:?}");
    }
}
