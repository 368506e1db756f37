//! What a Rust file is made of, read from its tokens: functions and their lines, names of types
//! and modules, macros that are called, and which lines are tests. `sizes`, `names` and `codes`
//! judge what is found here.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{Offence, Tree};

/// All Rust files by path.
pub struct Sources {
    pub by_path: BTreeMap<String, Source>,
    /// Files that are no Rust.
    pub unreadable: Vec<Offence>,
}

/// One Rust file.
#[derive(Debug, Default)]
pub struct Source {
    /// Lines that are compiled for tests only.
    pub tests: Vec<RangeInclusive<usize>>,
    pub functions: Vec<Function>,
    /// Types and modules: name and line.
    pub names: Vec<(String, usize)>,
    /// Macros that are called: name and line.
    pub macros: Vec<(String, usize)>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub lines: RangeInclusive<usize>,
}

impl Source {
    pub fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&line))
    }
}

pub fn read_all(tree: &Tree) -> Sources {
    let mut sources = Sources { by_path: BTreeMap::new(), unreadable: Vec::new() };
    for file in tree.ending("rs") {
        match read(&file.text) {
            Ok(source) => drop(sources.by_path.insert(file.path.clone(), source)),
            Err((line, reason)) => {
                let what = format!("does not parse: {reason}");
                let offence = Offence::new("source", &file.path, line, what, "make it valid Rust");
                sources.unreadable.push(offence);
            }
        }
    }
    sources
}

fn read(text: &str) -> Result<Source, (usize, String)> {
    let stream: TokenStream = text
        .parse()
        .map_err(|error: proc_macro2::LexError| (error.span().start().line, error.to_string()))?;
    let mut source = Source::default();
    scan(stream, &mut source);
    Ok(source)
}

/// Walks one level of tokens. An attribute that says `test` marks what follows it, up to the end
/// of that item.
fn scan(stream: TokenStream, source: &mut Source) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut test_since = None;
    let mut at = 0;
    while at < tokens.len() {
        if let Some((attribute, next)) = attribute(&tokens, at) {
            if is_test_attribute(attribute) {
                test_since = test_since.or(Some(line(&tokens[at])));
            }
            at = next;
            continue;
        }
        note(&tokens, at, source);
        let ends_item = match &tokens[at] {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if ends_item && let Some(first) = test_since.take() {
            source.tests.push(first..=last_line(&tokens[at]));
        }
        if let TokenTree::Group(group) = &tokens[at] {
            scan(group.stream(), source);
        }
        at += 1;
    }
}

/// The attribute that begins here, and where it ends.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<(&Group, usize)> {
    if !is_punct(tokens.get(at)?, '#') {
        return None;
    }
    let open = if is_punct(tokens.get(at + 1)?, '!') { at + 2 } else { at + 1 };
    match tokens.get(open)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            Some((group, open + 1))
        }
        _ => None,
    }
}

fn is_test_attribute(attribute: &Group) -> bool {
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    let starts = ["cfg(test)", "cfg(all(test,", "test", "tokio::test"];
    starts.iter().any(|start| {
        text.strip_prefix(start).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// Remembers what begins at this token.
fn note(tokens: &[TokenTree], at: usize, source: &mut Source) {
    let (TokenTree::Ident(word), Some(next)) = (&tokens[at], tokens.get(at + 1)) else { return };
    match (word.to_string().as_str(), next) {
        ("fn", TokenTree::Ident(name)) => {
            let body = tokens[at..].iter().find(|token| match token {
                TokenTree::Punct(punct) => punct.as_char() == ';',
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                _ => false,
            });
            if let Some(body @ TokenTree::Group(_)) = body {
                let lines = line(&tokens[at])..=last_line(body);
                source.functions.push(Function { name: name.to_string(), lines });
            }
        }
        ("mod" | "struct" | "enum" | "trait" | "type" | "union", TokenTree::Ident(name)) => {
            source.names.push((name.to_string(), line(next)));
        }
        (called, TokenTree::Punct(_)) if is_punct(next, '!') => {
            source.macros.push((called.to_owned(), line(&tokens[at])));
        }
        _ => {}
    }
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

fn last_line(token: &TokenTree) -> usize {
    token.span().end().line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_first_and_last_line() {
        let source = read(
            "fn a() {\n}\n\npub async fn b<T>(x: fn(T) -> T)\nwhere\n    T: Y,\n{\n    {}\n}\ntrait C { fn d(); }\n",
        );
        let named = |name: &str, lines| Function { name: name.to_owned(), lines };
        assert_eq!(source.unwrap().functions, [named("a", 1..=2), named("b", 4..=9)]);
    }

    #[test]
    fn tests_are_found_by_their_attributes() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n#[tokio::test]\nasync \
                    fn c() {}\n#[testing]\nfn d() {}\n";
        let source = read(text).unwrap();
        let tests: Vec<usize> = (1..=9).filter(|line| source.is_test(*line)).collect();
        assert_eq!(tests, [2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn names_and_macros_are_found_where_they_stand() {
        let source = read("mod a { struct B; }\nfn f() { g!(x != y) }").unwrap();
        assert_eq!(source.names, [("a".to_owned(), 1), ("B".to_owned(), 1)]);
        assert_eq!(source.macros[0], ("g".to_owned(), 2));
    }

    #[test]
    fn a_file_that_is_no_rust_is_an_offence() {
        let (_folder, tree) = crate::tidy::tree::planted::tree(&[("a/src/lib.rs", "fn a( {")]);
        let found = read_all(&tree).unreadable;
        assert!(found[0].to_string().starts_with("a/src/lib.rs:1: does not parse"), "{found:?}");
    }
}
