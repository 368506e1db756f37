//! Full-text queries of the dialect become FTS5 expressions. Every word is quoted, so that nothing
//! of FTS5's own syntax comes from outside. Source: PostgreSQL 15, sections 8.11.2 and 12.3.2;
//! SQLite's "FTS5 Extension", section 3.

mod tsquery;
mod web;

use mainstay_base::{Code, Error, Result};

/// Words that a query may have. Protects the index from a query that reads it over and over.
pub const WORDS: usize = 200;

/// Which of the dialect's query languages a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    /// `fts`: the operators of `to_tsquery`.
    Query,
    /// `plfts`: every word, as `plainto_tsquery`.
    Plain,
    /// `phfts`: the words one after another, as `phraseto_tsquery`.
    Phrase,
    /// `wfts`: what people type into a search box, as `websearch_to_tsquery`.
    Web,
}

/// What to ask FTS5 for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The right side of `MATCH`. A query without words matches nothing.
    pub text: String,
    /// The rows that do *not* match are asked for: `!cat` alone cannot be said to FTS5.
    pub negated: bool,
}

/// Translates a query. `columns` are the names of the indexed columns to look into, all of them
/// when there is none.
///
/// # Errors
/// `42601` when a `Query` does not parse, `PGRST127` for what FTS5 cannot do, `54001` beyond
/// `WORDS` words or too deep a nesting. `Web` never fails: words beyond the bound are left out.
pub fn to_match(kind: SearchKind, columns: &[&str], text: &str) -> Result<Match> {
    let text = text.replace('\0', " ");
    let query = match kind {
        SearchKind::Query => tsquery::parse(&text)?,
        SearchKind::Plain => {
            let words: Vec<&str> = words(&text).collect();
            bounded(words.len())?;
            all(words.into_iter().map(|word| Some(Query::Phrase(Phrase::of(word)))).collect())
        }
        SearchKind::Phrase => {
            bounded(words(&text).count())?;
            has_word(&text).then(|| Query::Phrase(Phrase::of(&text)))
        }
        SearchKind::Web => web::parse(&text),
    };
    let Some(query) = query else {
        return Ok(Match { text: "\"\"".to_owned(), negated: false });
    };
    let Signed { text, negated } = query.write();
    Ok(Match { text: in_columns(columns, text), negated })
}

fn in_columns(columns: &[&str], text: String) -> String {
    if columns.is_empty() {
        return text;
    }
    let mut out = String::from("{");
    for column in columns {
        push_quoted(column, &mut out);
        out.push(' ');
    }
    out + "} : (" + &text + ")"
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| has_word(word))
}

/// FTS5 finds nothing to look for in a text without a letter or digit.
fn has_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

fn bounded(words: usize) -> Result<()> {
    if words <= WORDS {
        return Ok(());
    }
    let message = format!("a full-text query has more than {WORDS} words");
    Err(Error::new(Code::StatementTooComplex, message))
}

fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}

/// Texts one after another; FTS5 splits each into words by itself.
#[derive(Clone, Debug, PartialEq)]
struct Phrase {
    parts: Vec<String>,
    /// The last word may go on.
    prefix: bool,
}

impl Phrase {
    fn of(text: &str) -> Self {
        Self { parts: vec![text.to_owned()], prefix: false }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Query {
    Phrase(Phrase),
    Not(Box<Query>),
    And(Vec<Query>),
    Or(Vec<Query>),
}

/// What is left of the operands that have words: none, the only one, or their conjunction.
fn all(operands: Vec<Option<Query>>) -> Option<Query> {
    join(operands, Query::And)
}

fn any(operands: Vec<Option<Query>>) -> Option<Query> {
    join(operands, Query::Or)
}

fn join(operands: Vec<Option<Query>>, made: impl Fn(Vec<Query>) -> Query) -> Option<Query> {
    let mut queries: Vec<Query> = operands.into_iter().flatten().collect();
    match queries.len() {
        0 | 1 => queries.pop(),
        _ => Some(made(queries)),
    }
}

/// An expression of FTS5, or the opposite of what it says. FTS5 has only `a NOT b`, so that a
/// negation goes outwards until it meets something to be taken from.
struct Signed {
    text: String,
    negated: bool,
}

impl Query {
    fn write(&self) -> Signed {
        match self {
            Self::Phrase(phrase) => Signed { text: phrase.write(), negated: false },
            Self::Not(query) => {
                let Signed { text, negated } = query.write();
                Signed { text, negated: !negated }
            }
            Self::And(queries) => conjunction(queries.iter().map(Self::write), false),
            // Either of them: not neither of them.
            Self::Or(queries) => conjunction(queries.iter().map(Self::write), true),
        }
    }
}

/// All of the operands; with `flipped`, the opposite of all of their opposites, which is any.
fn conjunction(operands: impl Iterator<Item = Signed>, flipped: bool) -> Signed {
    let (negative, positive): (Vec<Signed>, Vec<Signed>) =
        operands.partition(|operand| operand.negated != flipped);
    let (first, unwanted, rest) = match positive.split_first() {
        Some((first, rest)) => (first, negative, rest),
        // Nothing to take from: the opposite is any of them.
        None => return Signed { text: joined(&negative, " OR "), negated: !flipped },
    };
    // `NOT` binds more tightly than `AND`, which spares FTS5's small parser a level.
    let mut text = format!("({}", first.text);
    for (operator, operands) in [(" NOT ", unwanted.as_slice()), (" AND ", rest)] {
        for operand in operands {
            text.push_str(operator);
            text.push_str(&operand.text);
        }
    }
    Signed { text: text + ")", negated: flipped }
}

fn joined(operands: &[Signed], with: &str) -> String {
    let texts: Vec<&str> = operands.iter().map(|operand| operand.text.as_str()).collect();
    format!("({})", texts.join(with))
}

impl Phrase {
    fn write(&self) -> String {
        let mut out = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                out.push_str(" + ");
            }
            push_quoted(part, &mut out);
        }
        if self.prefix {
            out.push_str(" *");
        }
        out
    }
}

#[cfg(test)]
mod tests;
