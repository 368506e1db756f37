//! The operators of `to_tsquery`, weakest first: `|`, `&`, `<->`, `!`; parentheses, `'quoted
//! texts'` and `word:*`. Weights are read and ignored: the index has none.

use mainstay_base::{Code, Error, Result};

use super::{Phrase, Query, WORDS, all, any, has_word};

/// Parentheses and negations inside each other: each can be two levels of an expression, of which
/// FTS5's parser takes about thirty.
const DEPTH: usize = 12;

pub(super) fn parse(text: &str) -> Result<Option<Query>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { whole: text, rest: text, words: 0 };
    let query = parser.any(0)?;
    match parser.peek() {
        None => Ok(query),
        Some(_) => Err(parser.wrong()),
    }
}

struct Parser<'a> {
    whole: &'a str,
    rest: &'a str,
    words: usize,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Option<Query>> {
        let mut operands = vec![self.all(depth)?];
        while self.eat("|") {
            operands.push(self.all(depth)?);
        }
        Ok(any(operands))
    }

    fn all(&mut self, depth: usize) -> Result<Option<Query>> {
        let mut operands = vec![self.following(depth)?];
        while self.eat("&") {
            operands.push(self.following(depth)?);
        }
        Ok(all(operands))
    }

    /// `a <-> b`: one right after the other.
    fn following(&mut self, depth: usize) -> Result<Option<Query>> {
        let mut left = self.operand(depth)?;
        while self.peek() == Some('<') {
            let distance = self.distance()?;
            let right = self.operand(depth)?;
            left = match (left, right) {
                (Some(left), Some(right)) if distance == 1 => Some(self.follow(left, right)?),
                (Some(_), Some(_)) => return Err(unable("`<N>` with another distance than 1")),
                (left, right) => left.or(right),
            };
        }
        Ok(left)
    }

    /// Every way in which `right` can follow `left`.
    fn follow(&mut self, left: Query, right: Query) -> Result<Query> {
        let (left, right) = (phrases(left)?, phrases(right)?);
        if left.iter().any(|phrase| phrase.prefix) {
            return Err(unable("`:*` in the middle of a phrase"));
        }
        let mut made = Vec::new();
        for before in &left {
            for after in &right {
                self.count(before.parts.len() + after.parts.len())?;
                let parts = before.parts.iter().chain(&after.parts).cloned().collect();
                made.push(Query::Phrase(Phrase { parts, prefix: after.prefix }));
            }
        }
        Ok(match made.len() {
            1 => made.remove(0),
            _ => Query::Or(made),
        })
    }

    fn operand(&mut self, depth: usize) -> Result<Option<Query>> {
        if depth > DEPTH {
            let message = "a full-text query is nested too deeply";
            return Err(Error::new(Code::StatementTooComplex, message));
        }
        if self.eat("!") {
            let query = self.operand(depth + 1)?;
            return Ok(query.map(|query| Query::Not(Box::new(query))));
        }
        if self.eat("(") {
            let query = self.any(depth + 1)?;
            return if self.eat(")") { Ok(query) } else { Err(self.wrong()) };
        }
        let text = self.text()?;
        let prefix = self.modifiers();
        self.count(text.split_whitespace().count().max(1))?;
        Ok(has_word(&text).then(|| Query::Phrase(Phrase { parts: vec![text], prefix })))
    }

    /// A word, or a quoted text, in which a quote is written twice or after a backslash.
    fn text(&mut self) -> Result<String> {
        let quoted = self.eat("'");
        let mut text = String::new();
        let mut rest = self.rest.chars();
        loop {
            let before = rest.as_str();
            match rest.next() {
                Some('\\') => text.push(rest.next().ok_or_else(|| self.wrong())?),
                Some('\'') if quoted => match rest.as_str().strip_prefix('\'') {
                    Some(after) => {
                        text.push('\'');
                        rest = after.chars();
                    }
                    None => break,
                },
                Some(c) if quoted => text.push(c),
                None if quoted => return Err(self.wrong()),
                Some(c) if !ends_word(c) => text.push(c),
                _ => {
                    rest = before.chars();
                    break;
                }
            }
        }
        if text.is_empty() {
            return Err(self.wrong());
        }
        self.rest = rest.as_str();
        Ok(text)
    }

    /// `:*` and weights behind a word; whether it is a prefix.
    fn modifiers(&mut self) -> bool {
        let Some(after) = self.rest.strip_prefix(':') else {
            return false;
        };
        let known = |c: char| matches!(c, '*' | 'A'..='D' | 'a'..='d');
        let end = after.find(|c| !known(c)).unwrap_or(after.len());
        self.rest = &after[end..];
        after[..end].contains('*')
    }

    /// `<->` or `<N>`.
    fn distance(&mut self) -> Result<u32> {
        let inner = self.rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (inner, rest) = inner.ok_or_else(|| self.wrong())?;
        let distance = match inner {
            "-" => Some(1),
            digits => digits.parse().ok(),
        };
        let distance = distance.ok_or_else(|| self.wrong())?;
        self.rest = rest;
        Ok(distance)
    }

    fn count(&mut self, words: usize) -> Result<()> {
        self.words += words;
        super::bounded(self.words.min(WORDS + 1))
    }

    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        self.peek();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn wrong(&self) -> Error {
        let shown: String = self.whole.chars().take(200).collect();
        Error::new(Code::SyntaxInvalid, format!("syntax error in tsquery: \"{shown}\"")).hint(
            "Put `&`, `|` or `<->` between words, or use plfts, phfts or wfts for plain words.",
        )
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '!' | '&' | '|' | '(' | ')' | '<' | ':' | '\'')
}

/// The phrases of which one is wanted, where a query is no more than that.
fn phrases(query: Query) -> Result<Vec<Phrase>> {
    match query {
        Query::Phrase(phrase) => Ok(vec![phrase]),
        Query::Or(queries) => {
            let each: Result<Vec<Vec<Phrase>>> = queries.into_iter().map(phrases).collect();
            Ok(each?.into_iter().flatten().collect())
        }
        Query::And(_) | Query::Not(_) => Err(unable("`&` or `!` inside a phrase")),
    }
}

fn unable(what: &str) -> Error {
    Error::new(Code::NotImplemented, format!("the full-text index cannot search for {what}"))
        .hint("Use `<->` between words and alternatives, and `&` and `!` around phrases.")
}
