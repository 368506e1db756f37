//! Every row of docs/security.md names a test that exists, or says why there is none. A test is
//! named by its file and, behind it, its function: `` `a/tests/b.rs` `it_holds` ``.

use super::tree::File;
use super::{Offence, Tree};

const CHECK: &str = "shown";
const PAGE: &str = "docs/security.md";
/// How the last cell of a row begins that needs no test.
const REASONS: [&str; 3] = ["not met:", "does not apply:", "by design:"];

pub fn check(tree: &Tree) -> Vec<Offence> {
    let Some(page) = tree.text(PAGE) else { return Vec::new() };
    let mut found = Vec::new();
    for (at, line) in page.lines().enumerate() {
        let mut fail = |what: String, remedy: &str| {
            found.push(Offence::new(CHECK, PAGE, at + 1, what, remedy));
        };
        let named = named(tree, line);
        for name in &named {
            match name {
                Named::There => {}
                Named::Gone(test) => {
                    fail(format!("names the test `{test}`, which its file has not"), "correct it");
                }
                Named::Homeless(test) => {
                    fail(format!("names the test `{test}` without its file"), "write it before");
                }
            }
        }
        if let Some((id, last)) = row(line)
            && named.is_empty()
            && !REASONS.iter().any(|reason| last.starts_with(reason))
        {
            let remedy = "name a test, or begin with `not met:`, `does not apply:`, `by design:`";
            fail(format!("{id} has neither a test nor a reason"), remedy);
        }
    }
    found
}

/// What became of the name of a test.
enum Named<'a> {
    There,
    Gone(&'a str),
    Homeless(&'a str),
}

/// The tests that a line names.
fn named<'a>(tree: &Tree, line: &'a str) -> Vec<Named<'a>> {
    let mut file: Option<&File> = None;
    let mut found = Vec::new();
    for code in line.split('`').skip(1).step_by(2) {
        if code.ends_with(".rs") {
            // That the path exists is what `documents` looks at.
            file = tree.files().iter().find(|file| file.path == code);
        } else if is_name(code) {
            found.push(match file {
                None => Named::Homeless(code),
                Some(file) if file.has_test(code) => Named::There,
                Some(_) => Named::Gone(code),
            });
        }
    }
    found
}

/// Claims have three words and more; settings and columns have fewer.
fn is_name(code: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    code.chars().all(plain) && code.matches('_').count() >= 3
}

/// The first and the last cell of a row about a requirement.
fn row(line: &str) -> Option<(&str, &str)> {
    let cells: Vec<&str> = line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').collect();
    let (id, last) = (cells.first()?.trim(), cells.last()?.trim());
    let number = id.strip_prefix('V')?;
    number.starts_with(|c: char| c.is_ascii_digit()).then_some((id, last))
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted;
    use super::*;

    fn found(row: &str) -> Vec<String> {
        let test = "#[test]\nfn it_holds_here_too() {}\n";
        let page = format!("| id | level | requirement | shown by |\n|---|---|---|---|\n{row}\n");
        let (_folder, tree) = planted::tree(&[(PAGE, &page), ("a/tests/b.rs", test)]);
        check(&tree).into_iter().map(|offence| offence.what).collect()
    }

    #[test]
    fn a_row_with_a_test_that_exists_or_with_a_reason_passes() {
        for row in [
            "| V1.2.3 | 1 | x | `a/tests/b.rs` `it_holds_here_too` |",
            "| V1.2.3 | 1 | x | not met: nobody has built it |",
            "| V1.2.3 | 1 | x | does not apply: there are no pages |",
            "| word | `password_min` |",
        ] {
            assert_eq!(found(row), [""; 0], "{row}");
        }
    }

    #[test]
    fn a_row_whose_test_is_gone_fails() {
        assert_eq!(
            found("| V1.2.3 | 1 | x | `a/tests/b.rs` `it_held_here_once_before` |"),
            ["names the test `it_held_here_once_before`, which its file has not"]
        );
        assert_eq!(
            found("| V1.2.3 | 1 | x | `it_holds_here_too` |"),
            ["names the test `it_holds_here_too` without its file"]
        );
    }

    #[test]
    fn a_row_with_neither_fails() {
        assert_eq!(
            found("| V1.2.3 | 1 | x | surely |"),
            ["V1.2.3 has neither a test nor a reason"]
        );
    }
}
