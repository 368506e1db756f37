//! Every file says first what it is for: Rust files with `//!`, scripts and the declarations that
//! people learn from (examples, templates) with a comment.

use super::tree::File;
use super::{Offence, Tree};

/// Shorter than this it says nothing.
const LEAST_LETTERS: usize = 30;
/// A comment later than this is no opening: a script may have a line for the interpreter before it.
const WITHIN_LINES: usize = 2;

pub fn check(tree: &Tree) -> Vec<Offence> {
    tree.files().iter().filter_map(|file| judge(file, mark(file)?)).collect()
}

/// How this kind of file begins a comment; nothing when it needs none.
fn mark(file: &File) -> Option<&'static [&'static str]> {
    match file.ending() {
        "rs" => Some(&["//!"]),
        "js" | "mjs" => Some(&["//", "/*"]),
        "py" => Some(&["#", "\"\"\""]),
        "sh" => Some(&["#"]),
        "toml" if teaches(&file.path) => Some(&["#"]),
        "" if file.text.starts_with("#!") => Some(&["#"]),
        _ => None,
    }
}

fn teaches(path: &str) -> bool {
    path.starts_with("examples/") || path.contains("/templates/")
}

fn judge(file: &File, marks: &[&str]) -> Option<Offence> {
    let lines = file.text.lines().filter(|line| !line.starts_with("#!/"));
    let opening: Vec<&str> = lines
        .skip_while(|line| line.trim().is_empty())
        .take_while(|line| marks.iter().any(|mark| line.starts_with(mark)) || is_prose(line, marks))
        .collect();
    let begins =
        file.text.lines().take(WITHIN_LINES).any(|line| {
            !line.starts_with("#!/") && marks.iter().any(|mark| line.starts_with(mark))
        });
    let letters = opening.iter().flat_map(|line| line.chars()).filter(|c| c.is_alphabetic());
    if begins && letters.count() >= LEAST_LETTERS {
        return None;
    }
    let what = "does not open with what it is for";
    let remedy = format!("begin with two or three lines of `{}`", marks[0]);
    Some(Offence::new("openings", &file.path, 1, what, remedy))
}

/// Inside a block comment or a text every line counts.
fn is_prose(line: &str, marks: &[&str]) -> bool {
    (marks.contains(&"/*") && line.trim_start().starts_with('*'))
        || (marks.contains(&"\"\"\"")
            && line.starts_with(char::is_alphabetic)
            && !line.contains('='))
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted;
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, tree) = planted::tree(files);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn files_that_say_what_they_are_for_pass() {
        let none: Vec<String> = Vec::new();
        let words = "reads the address and nothing else of a request";
        assert_eq!(
            found(&[
                ("a/src/lib.rs", &format!("//! This {words}.\n")),
                ("a.sh", &format!("#!/bin/sh\n# This {words}.\n")),
                (".ci/run", &format!("#!/usr/bin/env bash\n# This {words}.\n")),
                ("a.mjs", &format!("// This {words}.\n")),
                ("b.py", &format!("#!/usr/bin/env python3\n\"\"\"This {words}.\"\"\"\n")),
                ("examples/a.toml", &format!("# This {words}.\n")),
                ("a/templates/a.toml", &format!("# This {words}.\n")),
                ("other/a.toml", "[a]\n"),
            ]),
            none
        );
    }

    #[test]
    fn files_that_do_not_fail_whatever_their_kind() {
        let bad = found(&[
            ("a/src/lib.rs", "// no module comment, although it is long enough\nfn a() {}\n"),
            ("a/src/short.rs", "//! Short.\n"),
            ("a.sh", "#!/bin/sh\nset -e\n# This comes too late to be an opening comment\n"),
            (".ci/run", "#!/usr/bin/env bash\nset -e\n"),
            ("a.mjs", "import x from 'x'\n"),
            ("b.py", "import os\n"),
            ("examples/a.toml", "name = \"a\"\n"),
            ("a/templates/a.toml", "name = \"a\"\n"),
        ]);
        assert_eq!(bad.len(), 8, "{bad:#?}");
        assert!(bad.contains(
            &"a/src/lib.rs:1: does not open with what it is for — begin with two or three lines \
              of `//!`"
                .to_owned()
        ));
    }
}
