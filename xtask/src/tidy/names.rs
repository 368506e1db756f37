//! Names and words that say nothing: files, modules and types are named by their role, and code
//! that is committed is finished.

use super::source::Sources;
use super::{Offence, Tree};

const CHECK: &str = "names";

/// The last word of a name, or the whole of it.
const EMPTY: [&str; 7] = ["util", "utils", "helper", "helpers", "manager", "managers", "misc"];
/// Only as the whole name: "common table expression" is a term.
const EMPTY_ALONE: &str = "common";
const UNFINISHED_MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];
/// In two halves each, or this list would offend.
const UNFINISHED_WORDS: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("HA", "CK")];

pub fn check(tree: &Tree, sources: &Sources) -> Vec<Offence> {
    let mut found = Vec::new();
    for file in tree.files() {
        if matches!(file.ending(), "js" | "mjs" | "py" | "rs" | "sh" | "sql") {
            found.extend(path_offence(&file.path));
        }
        if !matches!(file.ending(), "md" | "snap" | "lock" | "txt" | "json") {
            found.extend(words(&file.path, &file.text));
        }
    }
    for (path, source) in &sources.by_path {
        for (name, line) in source.names.iter().filter(|(name, _)| is_empty(name)) {
            let what = format!("`{name}` says nothing of its role");
            found.push(Offence::new(CHECK, path, *line, what, "name it by what it does"));
        }
        for (called, line) in &source.macros {
            if UNFINISHED_MACROS.contains(&called.as_str()) {
                let what = format!("calls `{called}!`");
                found.push(Offence::new(CHECK, path, *line, what, "finish it or take it out"));
            }
        }
    }
    found
}

fn path_offence(path: &str) -> Option<Offence> {
    let part = path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part))
        .find(|part| is_empty(part))?;
    let what = format!("the name `{part}` says nothing of its role");
    Some(Offence::new(CHECK, path, 1, what, "name it by what it does"))
}

/// Whether a name, in any case, is or ends in an empty word.
fn is_empty(name: &str) -> bool {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    let last = snake.rsplit(['_', '-']).next().unwrap_or_default();
    EMPTY.contains(&last) || snake == EMPTY_ALONE
}

fn words(path: &str, text: &str) -> Vec<Offence> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        for word in words.filter(|word| UNFINISHED_WORDS.contains(word)) {
            let what = format!("says {word}");
            let remedy = "do it, or write it where work is planned";
            found.push(Offence::new(CHECK, path, at + 1, what, remedy));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::super::tree::planted;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let (_folder, tree) = planted::tree(&[(path, text)]);
        let sources = source::read_all(&tree);
        check(&tree, &sources).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_by_role_pass() {
        let text =
            "mod common_table_expression;\nstruct TokenCache;\nfn utility() { todo_list(); }\n";
        assert_eq!(found("a/src/token_cache.rs", text), Vec::<String>::new());
    }

    #[test]
    fn empty_names_of_files_modules_and_types_fail() {
        let wants = "a/src/string_utils.rs:1: the name `string_utils` says nothing of its role — \
                     name it by what it does";
        assert_eq!(found("a/src/string_utils.rs", ""), [wants]);
        assert_eq!(found("a/src/helpers/b.rs", "").len(), 1);
        assert_eq!(found("a/tests/common/mod.rs", "").len(), 1);
        let named = found("a/src/b.rs", "mod misc;\nstruct ConnectionManager;\n");
        assert!(named[0].starts_with("a/src/b.rs:1: `misc`"), "{named:?}");
        assert!(named[1].starts_with("a/src/b.rs:2: `ConnectionManager`"), "{named:?}");
    }

    #[test]
    fn unfinished_code_fails() {
        for name in UNFINISHED_MACROS {
            let bad = found("a/src/b.rs", &format!("\nfn a() {{ {name}!() }}\n"));
            assert_eq!(bad, [format!("a/src/b.rs:2: calls `{name}!` — finish it or take it out")]);
        }
        for word in UNFINISHED_WORDS {
            for path in ["a/src/b.rs", "a.py", "a.mjs", ".ci/run"] {
                let bad = found(path, &format!("\n# {word}: later\n").replace('#', "//"));
                assert!(bad[0].starts_with(&format!("{path}:2: says {word}")), "{bad:?}");
            }
        }
    }
}
