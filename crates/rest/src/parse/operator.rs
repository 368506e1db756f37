//! Operators of filters, their modifiers and the values behind them.

use std::borrow::Cow;

use mainstay_base::{Code, Error, Result};
use mainstay_store::query::Truth;
use mainstay_store::sqlite::search::SearchKind;

use super::cursor::Cursor;
use crate::limits;

/// The operators that need a plan of their own. `Is` carries its word: it is part of the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    IsDistinct,
    Like,
    Ilike,
    Match,
    Imatch,
    Contains,
    Contained,
    Overlaps,
    In,
    Is(Truth),
    Search(SearchKind),
}

/// `(any)` and `(all)`: the operator is held against each element of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    Any,
    All,
}

/// The value of a condition, as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<'a> {
    One(Cow<'a, str>),
    List(Vec<Cow<'a, str>>),
}

const OPERATORS: [(&str, Operator); 19] = [
    ("eq", Operator::Eq),
    ("neq", Operator::Neq),
    ("gte", Operator::Gte),
    ("gt", Operator::Gt),
    ("lte", Operator::Lte),
    ("lt", Operator::Lt),
    ("isdistinct", Operator::IsDistinct),
    ("in", Operator::In),
    ("like", Operator::Like),
    ("ilike", Operator::Ilike),
    ("match", Operator::Match),
    ("imatch", Operator::Imatch),
    ("cs", Operator::Contains),
    ("cd", Operator::Contained),
    ("ov", Operator::Overlaps),
    ("fts", Operator::Search(SearchKind::Query)),
    ("plfts", Operator::Search(SearchKind::Plain)),
    ("phfts", Operator::Search(SearchKind::Phrase)),
    ("wfts", Operator::Search(SearchKind::Web)),
];

/// Operators on PostgreSQL's range types, which SQLite has not.
const RANGES: [&str; 5] = ["sl", "sr", "nxr", "nxl", "adj"];

/// Configurations of full text that PostgreSQL comes with. The index has chosen its own already.
const LANGUAGES: [&str; 29] = [
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
];

/// Words that `is` may be followed by.
const TRUTHS: [(&str, Truth); 5] = [
    ("null", Truth::Null),
    ("not_null", Truth::NotNull),
    ("true", Truth::True),
    ("false", Truth::False),
    ("unknown", Truth::Unknown),
];

impl Operator {
    /// Takes a value at all; the word of `is` is none.
    #[must_use]
    pub fn takes_value(self) -> bool {
        !matches!(self, Self::Is(_))
    }

    /// May stand with `any` and `all`.
    fn takes_each(self) -> bool {
        use Operator::{Eq, Gt, Gte, Ilike, Imatch, Like, Lt, Lte, Match, Neq};
        matches!(self, Eq | Neq | Gt | Gte | Lt | Lte | Like | Ilike | Match | Imatch)
    }
}

/// Whether a text starts with an operator: on a function, what does not is an argument.
#[must_use]
pub fn starts(text: &str) -> bool {
    let text = text.strip_prefix("not.").unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let word = &text[..end];
    let known = word == "is" || OPERATORS.iter().any(|(name, _)| *name == word);
    (known || RANGES.contains(&word)) && text[end..].starts_with(['.', '('])
}

/// The operator, its modifier and the dot behind it, and the word of `is`.
///
/// # Errors
/// `PGRST100`; `PGRST127` for operators on ranges.
pub fn read(cursor: &mut Cursor<'_>) -> Result<(Operator, Option<Each>)> {
    let before = cursor.clone();
    let word = cursor.take_while(|c| c.is_ascii_alphabetic());
    if word == "is" {
        cursor.expect(".")?;
        return Ok((truth(cursor)?, None));
    }
    if RANGES.contains(&word) {
        let message = format!("The operator {word} is for range types, which this database lacks");
        return Err(Error::new(Code::NotImplemented, message)
            .hint("Keep both ends in columns of their own and filter with gte and lt."));
    }
    let unknown = || before.error("expecting \"not\" or operator (eq, gt, ...)");
    let known = OPERATORS.iter().find(|(name, _)| *name == word);
    let operator = known.map(|(_, operator)| *operator).ok_or_else(unknown)?;
    let each = modifier(cursor, operator)?;
    match cursor.take(".") {
        true => Ok((operator, each)),
        false => Err(unknown()),
    }
}

/// `(any)`, `(all)`, or the language of a full-text query, which the index has chosen already.
fn modifier(cursor: &mut Cursor<'_>, operator: Operator) -> Result<Option<Each>> {
    if !cursor.take("(") {
        return Ok(None);
    }
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
    let each = match (operator, word) {
        (Operator::Search(_), word) if LANGUAGES.contains(&word) => None,
        (Operator::Search(_), word) => {
            let message = format!("text search configuration \"{word}\" does not exist");
            return Err(Error::new(Code::CastUnknown, message));
        }
        (operator, "any") if operator.takes_each() => Some(Each::Any),
        (operator, "all") if operator.takes_each() => Some(Each::All),
        _ => return Err(cursor.error("expecting a modifier that the operator takes")),
    };
    cursor.expect(")")?;
    Ok(each)
}

fn truth(cursor: &mut Cursor<'_>) -> Result<Operator> {
    let before = cursor.clone();
    let word = cursor.take_while(|c| c.is_ascii_alphabetic() || c == '_').to_ascii_lowercase();
    let known = TRUTHS.iter().find(|(name, _)| *name == word);
    let truth = known.map(|(_, truth)| Operator::Is(*truth));
    truth.ok_or_else(|| before.error("expecting null, not_null, true, false or unknown"))
}

/// `(a,b,"x,y")`
///
/// # Errors
/// `PGRST100`
pub fn list<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Cow<'a, str>>> {
    cursor.expect("(")?;
    let mut items = Vec::new();
    if cursor.take(")") {
        return Ok(items);
    }
    loop {
        items.push(match cursor.peek() {
            Some('"') => cursor.quoted()?,
            _ => Cow::Borrowed(cursor.take_while(|c| !matches!(c, ',' | ')'))),
        });
        if items.len() > limits::LIST_ITEMS {
            let message = format!("a list has more than {} items", limits::LIST_ITEMS);
            return Err(Error::new(Code::QueryUnreadable, message));
        }
        if cursor.take(")") {
            return Ok(items);
        }
        cursor.expect(",")?;
    }
}

/// A value inside a tree: quoted, or up to `,` or `)`; braces nest.
///
/// # Errors
/// `PGRST100`
pub fn inner_value<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>> {
    if cursor.peek() == Some('"') {
        return cursor.quoted();
    }
    let rest = cursor.rest();
    let mut braces = 0_usize;
    let end = rest.find(|c| match c {
        '{' | '[' => {
            braces += 1;
            false
        }
        '}' | ']' => {
            braces = braces.saturating_sub(1);
            false
        }
        ',' | ')' => braces == 0,
        _ => false,
    });
    let end = end.unwrap_or(rest.len());
    cursor.skip(end);
    Ok(Cow::Borrowed(&rest[..end]))
}
