//! Just enough of SQL to check what people wrote: where strings, comments and quoted names are,
//! which named arguments stand between them, and how many statements there are.

use crate::mistake::{Found, Mistake, Placed};

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
    let mut walk = Walk::default();
    let mut rest = text;
    while !rest.is_empty() && walk.scan.open.is_none() {
        let length = match skipped(rest) {
            Some(Ok((length, says))) => {
                walk.within |= says;
                length
            }
            Some(Err(open)) => {
                walk.scan.open = Some(open);
                0
            }
            None => walk.step(rest),
        };
        rest = &rest[length..];
    }
    if walk.depth > 0 && walk.scan.open.is_none() {
        walk.scan.open = Some("a `(` that is not closed");
    }
    walk.scan.statements += usize::from(walk.within);
    walk.scan
}

#[derive(Default)]
struct Walk {
    scan: Scan,
    /// Open brackets.
    depth: usize,
    /// The statement says something already.
    within: bool,
}

impl Walk {
    /// Takes a word, an argument or one character outside of strings, and says how long it is.
    fn step(&mut self, rest: &str) -> usize {
        let word = word(rest);
        if !word.is_empty() && self.scan.first_word.is_empty() {
            self.scan.first_word = word.to_lowercase();
        }
        if let Some(name) = argument(rest) {
            self.within = true;
            self.scan.arguments.push(name.to_owned());
            return 1 + name.len();
        }
        let c = rest.chars().next().unwrap_or(' ');
        match c {
            ';' => self.scan.statements += usize::from(std::mem::take(&mut self.within)),
            ')' if self.depth == 0 => self.scan.open = Some("a `)` without `(`"),
            ')' => self.depth -= 1,
            '(' => self.depth += 1,
            _ => {}
        }
        self.within |= c != ';' && !c.is_whitespace();
        if rest.starts_with("::") { 2 } else { word.len().max(c.len_utf8()) }
    }
}

/// The length of a string, quoted name or comment at the start, and whether it says something.
fn skipped(rest: &str) -> Option<Result<(usize, bool), &'static str>> {
    if rest.starts_with("--") {
        return Some(Ok((rest.find('\n').map_or(rest.len(), |at| at + 1), false)));
    }
    if let Some(inner) = rest.strip_prefix("/*") {
        let end = inner.find("*/").map(|at| (at + 4, false));
        return Some(end.ok_or("a comment `/*` that is not closed"));
    }
    if let Some(tag) = dollar_tag(rest) {
        let end = rest[tag.len()..].find(tag).map(|at| (at + 2 * tag.len(), true));
        return Some(end.ok_or("a `$$` text that is not closed"));
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        // Two quotes in a row stand for one inside.
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Some(Ok((at + 1, true)));
        }
    }
    Some(Err("a quote that is not closed"))
}

/// `$$` or `$tag$` of PostgreSQL; `$1` is none.
fn dollar_tag(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('$')?;
    let end = inner.find('$')?;
    let name = &inner[..end];
    let fits = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    fits.then(|| &rest[..end + 2])
}

fn word(rest: &str) -> &str {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    &rest[..end]
}

fn argument(rest: &str) -> Option<&str> {
    let name = word(rest.strip_prefix(':')?);
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
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
