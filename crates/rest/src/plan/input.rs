//! Values of filters: each is read as the type of what it is compared with, before the database
//! sees it, so that a bad literal is an error and never an empty answer.

use std::borrow::Cow;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::value::array::items;
use mainstay_schema::value::write_string;
use mainstay_schema::{Type, Value};
use mainstay_store::sqlite::search::{self, SearchKind};

use crate::limits;
use crate::parse::Given;

/// How the nth value of a request is to be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Literal(Type),
    /// Becomes a JSON array.
    List(Type),
    /// `*` stands for `%`.
    Pattern,
    Regex {
        fold_case: bool,
    },
    /// `{a,b}`, each element read so; becomes a JSON array.
    Each(Box<Input>),
    /// A full-text query on a column; becomes a JSON array of the FTS5 text and whether it is
    /// turned round.
    Search {
        kind: SearchKind,
        column: String,
    },
}

impl Input {
    /// # Errors
    /// The codes of `Type::read_text`; `22025` and `2201B` for patterns.
    pub fn read(&self, given: &Given<'_>) -> Result<Value> {
        match (self, given) {
            (Self::Literal(ty), Given::One(text)) => literal(ty, text),
            (Self::List(ty), Given::List(items)) => list(ty, items),
            (Self::Pattern, Given::One(text)) => pattern(text),
            (Self::Regex { fold_case }, Given::One(text)) => {
                mainstay_store::sqlite::check_regex(text, *fold_case)?;
                Ok(Value::Text(text.clone().into_owned()))
            }
            (Self::Each(input), Given::One(text)) => each(input, text),
            (Self::Search { kind, column }, Given::One(text)) => search(*kind, column, text),
            _ => Err(Error::internal("a value of another kind than its operator takes")),
        }
    }
}

/// What a column is compared with is not cut to the column's scale: nothing equals 1.001 there.
fn literal(ty: &Type, text: &str) -> Result<Value> {
    let free = Type::Numeric(None);
    match ty {
        Type::Numeric(Some(_)) if ty.is_short_numeric() => match free.read_text(text)? {
            Value::Text(digits) => digits.parse().map(Value::Real).map_err(Error::internal),
            other => Ok(other),
        },
        Type::Numeric(Some(_)) => free.read_text(text),
        _ => ty.read_text(text),
    }
}

fn list(ty: &Type, items: &[Cow<'_, str>]) -> Result<Value> {
    let values: Result<Vec<Value>> = items.iter().map(|item| literal(ty, item)).collect();
    array(&values?)
}

/// The elements of an array literal, each read as the operator takes it.
fn each(input: &Input, text: &str) -> Result<Value> {
    let items = items(text).ok_or_else(|| {
        Error::new(Code::LiteralInvalid, format!("malformed array literal: \"{text}\""))
            .hint("Write the values as {a,b,\"c,d\"}.")
    })?;
    if items.len() > limits::LIST_ITEMS {
        let message = format!("a list has more than {} items", limits::LIST_ITEMS);
        return Err(Error::new(Code::QueryUnreadable, message));
    }
    let one = |item: Option<String>| match item {
        Some(text) => input.read(&Given::One(Cow::Owned(text))),
        None => Ok(Value::Null),
    };
    let values: Result<Vec<Value>> = items.into_iter().map(one).collect();
    array(&values?)
}

fn search(kind: SearchKind, column: &str, text: &str) -> Result<Value> {
    let found = search::to_match(kind, &[column], text)?;
    let negated = Value::Int(i64::from(found.negated));
    array(&[Value::Text(found.text), negated])
}

/// Values as a JSON array, from which the database takes them as they are stored.
fn array(values: &[Value]) -> Result<Value> {
    let mut json = Vec::with_capacity(values.len() * 40 + 2);
    json.push(b'[');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            json.push(b',');
        }
        match value {
            Value::Null => json.extend_from_slice(b"null"),
            Value::Int(number) => json.extend_from_slice(number.to_string().as_bytes()),
            Value::Real(number) if number.is_finite() => {
                json.extend_from_slice(format!("{number:?}").as_bytes());
            }
            Value::Real(number) => {
                json.extend_from_slice(if *number > 0.0 { b"9e999" } else { b"-9e999" });
            }
            Value::Text(text) => write_string(text, &mut json),
            Value::Blob(bytes) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                write_string(&digits, &mut json);
            }
        }
    }
    json.push(b']');
    String::from_utf8(json).map(Value::Text).map_err(Error::internal)
}

fn pattern(text: &str) -> Result<Value> {
    if text.len() > limits::PATTERN_BYTES {
        let message = format!("a LIKE pattern is longer than {} bytes", limits::PATTERN_BYTES);
        return Err(Error::new(Code::StatementTooComplex, message));
    }
    let escapes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if escapes % 2 == 1 {
        let message = "LIKE pattern must not end with escape character";
        return Err(Error::new(Code::PatternInvalid, message));
    }
    Ok(Value::Text(text.replace('*', "%")))
}
