//! SQL that people wrote, taken apart just far enough: strings, comments and quoted names are told
//! from the words between them, statements are split, and the places of values are found. Nothing
//! here knows a grammar; what is wrong in a statement is for the engine to say.

use crate::model::{Argument, CallerFact, Piece};

/// The SQL functions that stand for what is known of the caller.
const CALLER_FACTS: &[(&str, CallerFact)] = &[
    ("auth_uid", CallerFact::Uid),
    ("auth_role", CallerFact::Role),
    ("auth_email", CallerFact::Email),
    ("auth_jwt", CallerFact::Claims),
];

/// What a stretch of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Space,
    Comment,
    /// A string or a quoted name.
    Quoted,
    /// `:name`
    Argument,
    /// Letters, digits and `_`.
    Word,
    /// Any other character; `::` is one of these.
    Other,
    /// What is not closed, to the end of the text: a quote or a comment.
    Open(&'static str),
}

/// A stretch of SQL.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
}

/// The stretches of a text, in order; together they are the text.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let (kind, length) = match quoted(rest) {
            Some(Ok(found)) => found,
            Some(Err(open)) => (Kind::Open(open), rest.len()),
            None => plain(rest, first),
        };
        let (text, behind) = rest.split_at(length);
        rest = behind;
        Some(Token { kind, text })
    })
}

fn plain(rest: &str, first: char) -> (Kind, usize) {
    if let Some(name) = argument(rest) {
        return (Kind::Argument, 1 + name.len());
    }
    let word = word(rest);
    match first {
        _ if !word.is_empty() => (Kind::Word, word.len()),
        c if c.is_whitespace() => (Kind::Space, c.len_utf8()),
        _ if rest.starts_with("::") => (Kind::Other, 2),
        c => (Kind::Other, c.len_utf8()),
    }
}

/// The length of a string, quoted name or comment at the start.
fn quoted(rest: &str) -> Option<Result<(Kind, usize), &'static str>> {
    if rest.starts_with("--") {
        return Some(Ok((Kind::Comment, rest.find('\n').map_or(rest.len(), |at| at + 1))));
    }
    if let Some(inner) = rest.strip_prefix("/*") {
        let end = inner.find("*/").map(|at| (Kind::Comment, at + 4));
        return Some(end.ok_or("a comment `/*` that is not closed"));
    }
    if let Some(tag) = dollar_tag(rest) {
        let end = rest[tag.len()..].find(tag).map(|at| (Kind::Quoted, at + 2 * tag.len()));
        return Some(end.ok_or("a `$$` text that is not closed"));
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        // Two quotes in a row stand for one inside.
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Some(Ok((Kind::Quoted, at + 1)));
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

/// The words of a text in lower case and its other characters, each by itself, without comments.
/// What stands in quotes is `""`, whatever it says: nobody can write a keyword into it.
#[must_use]
pub fn symbols(sql: &str) -> Vec<String> {
    let kept = tokens(sql).filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment));
    kept.map(|token| match token.kind {
        Kind::Quoted => "\"\"".to_owned(),
        _ => token.text.to_lowercase(),
    })
    .collect()
}

/// The statements of a text, each cut where a value goes. A `;` inside brackets splits nothing,
/// comments become a space, and statements that say nothing are left out. A name that is no
/// argument stays in the text, where the engine refuses it.
#[must_use]
pub fn pieces(sql: &str, args: &[Argument]) -> Vec<Vec<Piece>> {
    let tokens: Vec<Token<'_>> = tokens(sql).collect();
    let mut statements = Vec::new();
    let mut made = Pieces::default();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match (token.kind, token.text) {
            (Kind::Other, ";") if depth == 0 => {
                statements.extend(std::mem::take(&mut made).finish());
                continue;
            }
            (Kind::Other, "(") => depth += 1,
            (Kind::Other, ")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        let position = args.iter().position(|arg| token.text.strip_prefix(':') == Some(&arg.name));
        match (token.kind, position) {
            (Kind::Argument, Some(position)) => made.value(Piece::Argument(position)),
            (Kind::Comment, _) => made.text.push(' '),
            _ => match caller_fact(&tokens, at - 1) {
                Some((fact, behind)) => {
                    made.value(Piece::Caller(fact));
                    at = behind;
                }
                None => made.text.push_str(token.text),
            },
        }
    }
    statements.extend(made.finish());
    statements
}

/// `auth_uid()` at this place, and the place behind it.
fn caller_fact(tokens: &[Token<'_>], at: usize) -> Option<(CallerFact, usize)> {
    let word = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    let (_, fact) = CALLER_FACTS.iter().find(|(name, _)| word.text.eq_ignore_ascii_case(name))?;
    // `x.auth_uid()` would be something else.
    if at.checked_sub(1).is_some_and(|before| tokens[before].text == ".") {
        return None;
    }
    let mut behind = at + 1;
    for bracket in ["(", ")"] {
        while tokens.get(behind).is_some_and(|token| token.kind == Kind::Space) {
            behind += 1;
        }
        tokens.get(behind).filter(|token| token.text == bracket)?;
        behind += 1;
    }
    Some((*fact, behind))
}

/// One statement on its way.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    text: String,
}

impl Pieces {
    fn value(&mut self, piece: Piece) {
        let text = std::mem::take(&mut self.text);
        // The first piece is trimmed at its start; an empty text says nothing.
        let text = if self.done.is_empty() { text.trim_start().to_owned() } else { text };
        if !text.is_empty() {
            self.done.push(Piece::Text(text));
        }
        self.done.push(piece);
    }

    fn finish(mut self) -> Option<Vec<Piece>> {
        let text = if self.done.is_empty() { self.text.trim() } else { self.text.trim_end() };
        if !text.is_empty() {
            self.done.push(Piece::Text(text.to_owned()));
        }
        (!self.done.is_empty()).then_some(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Type;

    /// `{0}` for the first argument, `{uid}` for the caller's.
    fn shown(sql: &str) -> Vec<String> {
        let arg = |name: &str| Argument { name: name.into(), ty: Type::Text, default: None };
        let shown = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Argument(at) => format!("{{{at}}}"),
            Piece::Caller(CallerFact::Uid) => "{uid}".to_owned(),
            Piece::Caller(CallerFact::Role) => "{role}".to_owned(),
            Piece::Caller(CallerFact::Email) => "{email}".to_owned(),
            Piece::Caller(CallerFact::Claims) => "{claims}".to_owned(),
        };
        let statements = pieces(sql, &[arg("a"), arg("bé")]);
        statements.iter().map(|pieces| pieces.iter().map(shown).collect()).collect()
    }

    #[test]
    fn statements_are_cut_where_a_value_goes() {
        for (sql, expect) in [
            ("select 1", &["select 1"][..]),
            ("select :a, ':a', \":a\" -- :a\n, :bé", &["select {0}, ':a', \":a\"  , {1}"]),
            (" select 1 ; ; /* x */ select 2; ", &["select 1", "select 2"]),
            ("select ';', (1;2), $$;$$", &["select ';', (1;2), $$;$$"]),
            ("select :a::text, :other", &["select {0}::text, :other"]),
            ("select auth_uid(), AUTH_ROLE ( )", &["select {uid}, {role}"]),
            ("select auth_email()||auth_jwt()", &["select {email}||{claims}"]),
            (
                "select x.auth_uid(), auth_uid, my_auth_uid()",
                &["select x.auth_uid(), auth_uid, my_auth_uid()"],
            ),
            ("select auth_uid(1), 'auth_uid()'", &["select auth_uid(1), 'auth_uid()'"]),
            ("-- nothing", &[]),
            (":a", &["{0}"]),
        ] {
            assert_eq!(shown(sql), expect, "{sql}");
        }
    }

    #[test]
    fn a_comment_at_the_end_cannot_swallow_what_comes_behind() {
        assert_eq!(shown("select 1 -- )"), ["select 1"]);
    }

    #[test]
    fn symbols_say_nothing_of_what_is_quoted() {
        let symbols = symbols("SELECT \"from\", 'x' /* y */ FROM t");
        assert_eq!(symbols, ["select", "\"\"", ",", "\"\"", "from", "t"]);
    }
}
