//! SQL as SQLite splits it into words, quoted names, texts and signs: just enough to find, in the
//! text of a table, what no pragma tells. `definition` reads what it needs from the tokens.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in `"…"`, `[…]` or backticks.
    Name,
    /// A text in `'…'`.
    Text,
    Number,
    /// `x'…'`
    Bytes,
    Sign,
}

/// One token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub range: Range<usize>,
}

impl Token<'_> {
    /// The token is this keyword.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// The name or text without its quotes.
    pub fn unquoted(&self) -> String {
        let inner = || self.text.get(1..self.text.len() - 1).unwrap_or_default();
        match (self.kind, self.text.as_bytes().first()) {
            (Kind::Name, Some(b'[')) => inner().to_owned(),
            (Kind::Name, Some(b'"')) => inner().replace("\"\"", "\""),
            (Kind::Name, _) => inner().replace("``", "`"),
            (Kind::Text, _) => inner().replace("''", "'"),
            _ => self.text.to_owned(),
        }
    }
}

/// The tokens of a text, without comments. What is not closed ends the list.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((kind, length)) = next(rest) else { break };
        if let Some(kind) = kind {
            found.push(Token { kind, text: &rest[..length], range: at..at + length });
        }
        at += length;
    }
    found
}

/// The kind and length of what stands first; no kind for white space and comments.
fn next(rest: &str) -> Option<(Option<Kind>, usize)> {
    let first = rest.chars().next()?;
    if first.is_ascii_whitespace() {
        return Some((None, 1));
    }
    if rest.starts_with("--") {
        return Some((None, rest.find('\n').map_or(rest.len(), |end| end + 1)));
    }
    if let Some(inner) = rest.strip_prefix("/*") {
        // SQLite lets a comment run to the end of the text.
        return Some((None, inner.find("*/").map_or(rest.len(), |end| end + 4)));
    }
    Some(match first {
        '\'' => (Some(Kind::Text), closed(rest, 0, '\'')?),
        '"' | '`' => (Some(Kind::Name), closed(rest, 0, first)?),
        '[' => (Some(Kind::Name), rest.find(']')? + 1),
        'x' | 'X' if rest[1..].starts_with('\'') => (Some(Kind::Bytes), closed(rest, 1, '\'')?),
        '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            (Some(Kind::Number), number(rest))
        }
        '0'..='9' => (Some(Kind::Number), number(rest)),
        c if is_word(c) => (Some(Kind::Word), rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
        c => (Some(Kind::Sign), c.len_utf8()),
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

/// The length up to the quote that closes; two quotes in a row stand for one inside.
fn closed(rest: &str, start: usize, quote: char) -> Option<usize> {
    let mut chars = rest.char_indices().skip(start + 1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

fn number(rest: &str) -> usize {
    let mut before = ' ';
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    for (at, c) in rest.char_indices() {
        let signed = matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !is_hex;
        if !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || signed) {
            return at;
        }
        before = c;
    }
    rest.len()
}

/// The position of the `)` that closes the `(` at `open`.
pub(super) fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The SQL that the tokens stand for: as it was written, unless it has comments or names in
/// brackets, which other readers of SQL take for something else.
pub(super) fn rendered(sql: &str, tokens: &[Token<'_>]) -> String {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return String::new();
    };
    let raw = &sql[first.range.start..last.range.end];
    let brackets = |token: &Token<'_>| token.kind == Kind::Name && !token.text.starts_with('"');
    let gap = |pair: &[Token<'_>]| &sql[pair[0].range.end..pair[1].range.start];
    let comments = tokens.windows(2).any(|pair| !gap(pair).trim().is_empty());
    if !comments && !tokens.iter().any(brackets) {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    for (at, token) in tokens.iter().enumerate() {
        if at > 0 && tokens[at - 1].range.end < token.range.start {
            text.push(' ');
        }
        match token.kind {
            Kind::Name => text.push_str(&crate::sql::quote(&token.unquoted())),
            _ => text.push_str(token.text),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_split_as_sqlite_splits_it() {
        let sql =
            "a, [b \"c], \"d\"\"e\", `f``g`, 'it''s', x'00', 1.5e-3, 0xFF, .5 -- end\n/* x */ ü<>1";
        let got: Vec<(Kind, String)> = tokens(sql)
            .iter()
            .filter(|token| !token.is_sign(","))
            .map(|token| (token.kind, token.unquoted()))
            .collect();
        let expected = [
            (Kind::Word, "a"),
            (Kind::Name, "b \"c"),
            (Kind::Name, "d\"e"),
            (Kind::Name, "f`g"),
            (Kind::Text, "it's"),
            (Kind::Bytes, "x'00'"),
            (Kind::Number, "1.5e-3"),
            (Kind::Number, "0xFF"),
            (Kind::Number, ".5"),
            (Kind::Word, "ü"),
            (Kind::Sign, "<"),
            (Kind::Sign, ">"),
            (Kind::Number, "1"),
        ];
        let expected: Vec<(Kind, String)> =
            expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn sql_stays_as_written_unless_others_would_misread_it() {
        for (given, expect) in [
            ("a  >  0", "a  >  0"),
            ("[a'b] > 0 -- why\n and `c`='x'", "\"a'b\" > 0 and \"c\"='x'"),
        ] {
            assert_eq!(rendered(given, &tokens(given)), expect);
        }
    }
}
