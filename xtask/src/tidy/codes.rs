//! Every error code is produced by a test: some test names it, by its text as clients see it or as
//! `Code::Variant`. Two codes that share a text are told apart by their variants only. That a test
//! names a code does not prove that it provokes it; that is for whoever reads the test.

use mainstay_base::Code;

use super::source::Sources;
use super::{Offence, Tree};

const CHECK: &str = "codes";
/// The one list of codes.
const LIST: &str = "crates/base/src/code.rs";
/// How the meaning of a code begins that is listed only so that it gets no second meaning.
const RETIRED: &str = "Retired";

pub struct Known {
    pub name: &'static str,
    pub text: &'static str,
    pub meaning: &'static str,
}

pub fn known() -> Vec<Known> {
    let known =
        |code: &Code| Known { name: code.name(), text: code.text(), meaning: code.meaning() };
    Code::ALL.iter().map(known).collect()
}

pub fn check(tree: &Tree, sources: &Sources, known: &[Known]) -> Vec<Offence> {
    let tests = test_lines(tree, sources);
    let list = tree.text(LIST).unwrap_or_default();
    let mut found = Vec::new();
    for code in known.iter().filter(|code| !code.meaning.starts_with(RETIRED)) {
        let variant = format!("Code::{}", code.name);
        let shared = known.iter().filter(|other| other.text == code.text).count() > 1;
        let produced = tests
            .iter()
            .any(|line| has_word(line, &variant) || (!shared && has_text(line, code.text)));
        if !produced {
            let line = list.lines().position(|line| {
                line.trim_start().strip_prefix(code.name).is_some_and(|rest| rest.starts_with(" ="))
            });
            let what = format!("no test produces `{}` ({})", code.name, code.text);
            let wanted = if shared { &variant } else { code.text };
            let remedy = format!("provoke it in a test that names `{wanted}`");
            found.push(Offence::new(CHECK, LIST, line.map_or(1, |at| at + 1), what, remedy));
        }
    }
    found
}

/// All lines of tests. The list itself and xtask speak of codes without producing any.
fn test_lines<'a>(tree: &'a Tree, sources: &Sources) -> Vec<&'a str> {
    let speaks = |path: &str| path != LIST && !path.starts_with("xtask/");
    let files = tree.files().iter().filter(|file| speaks(&file.path));
    let mut lines = Vec::new();
    for file in files {
        let source = sources.by_path.get(&file.path);
        let own = file.text.lines().enumerate().filter(|(at, _)| {
            file.is_test() || source.is_some_and(|source| source.is_test(at + 1))
        });
        lines.extend(own.map(|(_, line)| line));
    }
    lines
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn has_word(line: &str, word: &str) -> bool {
    surrounded(line, word, |before, after| !is_letter(before) && !is_letter(after))
}

/// `PGRST116` is a word of its own; `23505` and `not_found` mean a code only in quotes.
fn has_text(line: &str, text: &str) -> bool {
    if text.starts_with("PGRST") {
        return has_word(line, text);
    }
    let is_quote = |byte: u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\');
    surrounded(line, text, |before, after| is_quote(before) && is_quote(after))
}

fn surrounded(line: &str, part: &str, fits: impl Fn(u8, u8) -> bool) -> bool {
    let bytes = line.as_bytes();
    line.match_indices(part).any(|(at, _)| {
        let before = at.checked_sub(1).map_or(b' ', |at| bytes[at]);
        let after = bytes.get(at + part.len()).copied().unwrap_or(b' ');
        fits(before, after)
    })
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::super::tree::planted;
    use super::*;

    const KNOWN: [Known; 4] = [
        Known { name: "NotSingular", text: "PGRST116", meaning: "Not one row." },
        Known { name: "Forbidden", text: "42501", meaning: "May not." },
        Known { name: "ForbiddenAnonymous", text: "42501", meaning: "May not, nameless." },
        Known { name: "Old", text: "old", meaning: "Retired: was something." },
    ];

    fn found(tests: &str) -> Vec<String> {
        let code = "\n    NotSingular = \"PGRST116\";\n    Forbidden = \"42501\";\n";
        let (_folder, tree) = planted::tree(&[
            (LIST, code),
            ("crates/a/src/lib.rs", "fn f() { Code::Forbidden }"),
            ("crates/a/tests/b.rs", tests),
        ]);
        let sources = source::read_all(&tree);
        check(&tree, &sources, &KNOWN).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn codes_that_tests_name_pass() {
        let all = "(\"PGRST116\", Code::Forbidden, Code::ForbiddenAnonymous)";
        assert_eq!(found(all), Vec::<String>::new());
    }

    #[test]
    fn a_code_that_no_test_produces_fails_with_its_line() {
        assert_eq!(
            found("(\"PGRST1160\", Code::Forbidden, Code::ForbiddenAnonymous)"),
            [
                "crates/base/src/code.rs:2: no test produces `NotSingular` (PGRST116) — provoke it in \
              a test that names `PGRST116`"
            ]
        );
    }

    #[test]
    fn codes_of_one_text_need_their_variants() {
        let bad = found("(PGRST116, \"42501\", Forbidden, Code::ForbiddenAnonymous)");
        assert_eq!(bad.len(), 1);
        assert!(bad[0].contains("names `Code::Forbidden`"), "{bad:?}");
    }

    #[test]
    fn a_text_of_plain_letters_counts_only_in_quotes() {
        assert!(has_text(r#"{"code":"not_found"}"#, "not_found"));
        assert!(has_text(r#"\"code\":\"not_found\""#, "not_found"));
        assert!(!has_text("fn not_found() {", "not_found"));
        assert!(!has_text("assert_eq!(count, 23505)", "23505"));
    }
}
