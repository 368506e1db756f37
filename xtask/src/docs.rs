//! Documents that are generated from the code. `cargo xtask docs` writes them, `tidy` says when
//! one of them is not current.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use mainstay_base::Code;

use crate::compatibility;
use crate::tidy::{Offence, Tree};

/// One generated document.
pub struct Page {
    pub path: &'static str,
    pub made: fn(&Tree) -> String,
}

/// All of them.
pub const PAGES: &[Page] = &[
    Page { path: "docs/compatibility.md", made: compatibility::page },
    Page { path: "docs/errors.md", made: |_| errors() },
];

/// Writes every page that is not current.
pub fn write(root: &Path) -> Result<ExitCode, String> {
    let tree = Tree::read(root)?;
    for page in PAGES {
        let (at, text) = (root.join(page.path), (page.made)(&tree));
        if std::fs::read_to_string(&at).is_ok_and(|written| written == text) {
            continue;
        }
        let written = at.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = written.and_then(|()| std::fs::write(&at, text));
        written.map_err(|error| format!("{} cannot be written: {error}", page.path))?;
        println!("wrote {}", page.path);
    }
    Ok(ExitCode::SUCCESS)
}

/// Pages that differ from what the code says.
pub fn check(tree: &Tree, pages: &[Page]) -> Vec<Offence> {
    let mut found = Vec::new();
    for page in pages {
        let (made, written) = ((page.made)(tree), tree.text(page.path).unwrap_or_default());
        if made == written {
            continue;
        }
        let same = made.lines().zip(written.lines()).take_while(|(made, is)| made == is).count();
        let what = "is not what the code says";
        found.push(Offence::new("docs", page.path, same + 1, what, "run `cargo xtask docs`"));
    }
    found
}

/// A part of the page.
struct Family {
    title: &'static str,
    said: &'static str,
    has: fn(&str) -> bool,
}

/// The families of codes, in the order of the page.
const FAMILIES: [Family; 3] = [
    Family { title: "The data API", said: "Codes of the PostgREST dialect.", has: is_dialect },
    Family { title: "The database", said: "SQLSTATEs, as PostgreSQL has them.", has: is_sqlstate },
    Family {
        title: "The door and the rest",
        said: "Codes of `application/problem+json` bodies (RFC 9457).",
        has: |text| !is_dialect(text) && !is_sqlstate(text),
    },
];

fn is_dialect(text: &str) -> bool {
    text.starts_with("PGRST")
}

fn is_sqlstate(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// Every way to fail, for people who got one of them.
fn errors() -> String {
    let mut page = String::from(
        "# Errors\n\nEvery error code that Mainstay answers with. Generated from \
         `crates/base/src/code.rs` by `cargo xtask docs`; do not edit.\n",
    );
    for Family { title, said, has } in FAMILIES {
        let _ = write!(page, "\n## {title}\n\n{said}\n\n");
        page.push_str("| code | status | name | when |\n| --- | --- | --- | --- |\n");
        for code in Code::ALL.iter().filter(|code| has(code.text())) {
            let meaning = code.meaning().replace('|', "\\|");
            let (text, status, name) = (code.text(), code.status(), code.name());
            let _ = writeln!(page, "| `{text}` | {status} | {name} | {meaning} |");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::planted;

    #[test]
    fn every_code_stands_on_the_page_once() {
        let page = errors();
        for code in Code::ALL {
            let row = format!("| {} | {} | {} |", code.status(), code.name(), code.meaning());
            assert_eq!(page.matches(&row).count(), 1, "{code:?}");
        }
    }

    #[test]
    fn a_page_that_is_not_current_or_missing_fails() {
        let pages = [
            Page { path: "docs/a.md", made: |_| "one\ntwo\n".to_owned() },
            Page { path: "docs/b.md", made: |_| "one\n".to_owned() },
            Page { path: "docs/c.md", made: |_| "one\n".to_owned() },
        ];
        let (_folder, tree) = planted::tree(&[("docs/a.md", "one\nto\n"), ("docs/c.md", "one\n")]);
        let found: Vec<_> = check(&tree, &pages).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/a.md:2: is not what the code says — run `cargo xtask docs`",
                "docs/b.md:1: is not what the code says — run `cargo xtask docs`",
            ]
        );
    }
}
