//! Checks SQL that people wrote before any engine sees it: which named arguments stand in it, how
//! many statements there are, and that every quote and bracket is closed.

use crate::mistake::{Found, Mistake, Placed};
use crate::sql::{Kind, tokens};

/// What was seen in a text of SQL.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Scan {
    /// Named arguments (`:sku`) without the colon, in order, repeated as they are.
    pub arguments: Vec<String>,
    /// Statements that say something.
    pub statements: usize,
    /// The first word, in lower case.
    pub first_word: String,
    /// What is not closed: a quote, a comment or a bracket.
    pub open: Option<&'static str>,
}

/// Walks through SQL of either engine.
pub(crate) fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    // Open brackets, and whether the statement says something already.
    let (mut depth, mut within) = (0_usize, false);
    for token in tokens(text) {
        match (token.kind, token.text) {
            (Kind::Space | Kind::Comment, _) => continue,
            (Kind::Open(open), _) => scan.open = Some(open),
            (Kind::Argument, name) => scan.arguments.push(name[1..].to_owned()),
            (Kind::Word, word) if scan.first_word.is_empty() => {
                scan.first_word = word.to_lowercase();
            }
            (Kind::Other, ";") => {
                scan.statements += usize::from(std::mem::take(&mut within));
                continue;
            }
            (Kind::Other, ")") if depth == 0 => scan.open = Some("a `)` without `(`"),
            (Kind::Other, ")") => depth -= 1,
            (Kind::Other, "(") => depth += 1,
            _ => {}
        }
        if scan.open.is_some() {
            break;
        }
        within = true;
    }
    if depth > 0 && scan.open.is_none() {
        scan.open = Some("a `(` that is not closed");
    }
    scan.statements += usize::from(within);
    scan
}

/// Notes what keeps a text from being one SQL expression: it goes between brackets of a statement
/// that we write, so it must not be able to leave them.
pub(crate) fn expression(text: &Placed<String>, what: &str, found: &mut Found) -> Option<()> {
    let scan = scan(&text.value);
    let message = match (scan.open, scan.arguments.first()) {
        (Some(open), _) => format!("{what} has {open}"),
        (None, Some(name)) => format!("{what} names an argument `:{name}`, and has none"),
        (None, None)
            if text.value.contains(';') && scan.statements > 1
                || ends_in_semicolon(&text.value) =>
        {
            format!("{what} must be one expression, without `;`")
        }
        (None, None) if scan.statements == 0 => format!("{what} is empty"),
        (None, None) => return Some(()),
    };
    found.add(Mistake::new(text.place, "sql", message));
    None
}

fn ends_in_semicolon(text: &str) -> bool {
    text.trim_end().ends_with(';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_statements_are_seen_through_strings_and_comments() {
        for (text, arguments, statements, first) in [
            ("select :a, ':b', \":c\" -- :d\n, :e", &["a", "e"][..], 1, "select"),
            ("/* :x ; */ update t set a = a::text || :y", &["y"], 1, "update"),
            ("insert into t values (:a); select 1;", &["a"], 2, "insert"),
            ("select 'it''s :no', `:no`, $$ :no ; $$, $t$ ; $t$, $1", &[], 1, "select"),
            ("-- only a comment", &[], 0, ""),
            (" ; ;", &[], 0, ""),
            ("with é as (select :ñ) select 1", &["ñ"], 1, "with"),
        ] {
            let scan = scan(text);
            assert_eq!(scan.arguments, arguments, "{text}");
            assert_eq!((scan.statements, scan.first_word.as_str()), (statements, first), "{text}");
            assert_eq!(scan.open, None, "{text}");
        }
    }

    #[test]
    fn what_is_not_closed_is_seen() {
        for text in ["select 'a", "select \"a", "/* a", "select (1", "select 1)", "$$ a", "'a''"] {
            assert!(scan(text).open.is_some(), "{text}");
        }
    }
}
