//! SQL functions and collations that SQLite lacks: patterns, JSON paths with PostgreSQL's meaning,
//! exact decimals, and PostgreSQL's common names for what people write in functions and views.

mod calculated;
mod casts;
mod contains;
mod dynamic;
mod paths;
mod raise;
mod rows;
mod sums;

use std::cmp::Ordering;
use std::sync::Arc;

use mainstay_base::{Clock, Code};
use mainstay_schema::value::{Stored, number, time};
use regex::{Regex, RegexBuilder};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};

use super::like::Pattern;
use super::raised::raise;
use crate::limits;

/// What the making of auxiliary data fails with.
type Thrown = Box<dyn std::error::Error + Send + Sync>;

pub(crate) fn register(connection: &Connection, clock: &Arc<dyn Clock>) -> Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("mainstay_like", 2, pure, |c| like(c, false))?;
    connection.create_scalar_function("mainstay_ilike", 2, pure, |c| like(c, true))?;
    connection.create_scalar_function("mainstay_match", 2, pure, |c| matches(c, false))?;
    connection.create_scalar_function("mainstay_imatch", 2, pure, |c| matches(c, true))?;
    connection.create_scalar_function("mainstay_json_get", -1, pure, |c| paths::step(c, false))?;
    connection.create_scalar_function("mainstay_json_text", -1, pure, |c| paths::step(c, true))?;
    connection.create_collation("mainstay_numeric", number::compare)?;
    connection.create_collation("mainstay_json", paths::compare)?;
    connection.create_collation("mainstay_array", paths::compare_arrays)?;
    rows::register(connection, pure)?;
    sums::register(connection, pure)?;
    contains::register(connection, pure)?;
    casts::register(connection, pure)?;
    dynamic::register(connection, pure)?;
    calculated::register(connection, pure)?;
    postgres_names(connection, clock)
}

/// A value as SQLite gives it. Text that is not UTF-8, which only an adopted file can hold, is
/// taken as bytes.
pub(super) fn stored(value: ValueRef<'_>) -> Stored<'_> {
    match value {
        ValueRef::Null => Stored::Null,
        ValueRef::Integer(number) => Stored::Int(number),
        ValueRef::Real(number) => Stored::Real(number),
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).map_or(Stored::Blob(bytes), Stored::Text)
        }
        ValueRef::Blob(bytes) => Stored::Blob(bytes),
    }
}

/// The argument at a place; a call with fewer is a fault of the statement.
fn argument<'a>(context: &'a Context<'_>, at: usize) -> Result<ValueRef<'a>> {
    if at < context.len() {
        return Ok(context.get_raw(at));
    }
    Err(raise(mainstay_base::Error::internal(format!(
        "a function got {} arguments",
        context.len()
    ))))
}

/// The text at the first place, which says what to do with the rest.
fn first_text<'a>(context: &'a Context<'_>) -> Result<&'a str> {
    let text = argument(context, 0)?.as_str();
    text.map_err(|error| raise(mainstay_base::Error::internal(error)))
}

/// PostgreSQL's names that both engines should understand in SQL that people write.
fn postgres_names(connection: &Connection, clock: &Arc<dyn Clock>) -> Result<()> {
    let changing = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    let pure = changing | FunctionFlags::SQLITE_DETERMINISTIC;
    raise::register(connection, changing)?;
    for name in ["now", "statement_timestamp", "transaction_timestamp"] {
        let clock = Arc::clone(clock);
        connection.create_scalar_function(name, 0, changing, move |_| {
            Ok(time::format_utc(clock.now()))
        })?;
    }
    connection.create_scalar_function("gen_random_uuid", 0, changing, |_| {
        Ok(uuid::Uuid::new_v4().hyphenated().to_string())
    })?;
    connection.create_scalar_function("uuidv7", 0, changing, |_| {
        Ok(uuid::Uuid::now_v7().hyphenated().to_string())
    })?;
    connection.create_scalar_function("greatest", -1, pure, |c| extreme(c, Ordering::Greater))?;
    connection.create_scalar_function("least", -1, pure, |c| extreme(c, Ordering::Less))
}

fn text<'a>(context: &'a Context<'_>, at: usize) -> Result<Option<std::borrow::Cow<'a, str>>> {
    Ok(match context.get_raw(at) {
        ValueRef::Null => None,
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(number.to_string().into()),
        ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
    })
}

fn like(context: &Context<'_>, fold_case: bool) -> Result<Option<bool>> {
    let pattern = context.get_or_create_aux(0, |value| -> std::result::Result<_, Thrown> {
        Ok(Pattern::new(value.as_str()?, fold_case))
    })?;
    Ok(text(context, 1)?.map(|text| pattern.matches(&text)))
}

/// Whether a pattern of `match` or `imatch` can be used, before a statement needs it.
///
/// # Errors
/// `2201B` when the expression does not parse or is too large.
pub fn check_regex(pattern: &str, fold_case: bool) -> mainstay_base::Result<()> {
    compile_regex(pattern, fold_case).map(drop).map_err(|error| {
        let message = "invalid regular expression";
        mainstay_base::Error::new(Code::RegexInvalid, message).details(error.to_string())
    })
}

/// Compiles as the data API promises: linear time, bounded size.
fn compile_regex(pattern: &str, fold_case: bool) -> std::result::Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .case_insensitive(fold_case)
        .size_limit(limits::REGEX_BYTES)
        .dfa_size_limit(limits::REGEX_BYTES)
        .build()
}

fn matches(context: &Context<'_>, fold_case: bool) -> Result<Option<bool>> {
    let regex = context.get_or_create_aux(0, |value| -> std::result::Result<_, Thrown> {
        Ok(compile_regex(value.as_str()?, fold_case)?)
    })?;
    Ok(text(context, 1)?.map(|text| regex.is_match(&text)))
}

/// `greatest` and `least`: NULLs are passed over, as PostgreSQL does.
fn extreme(context: &Context<'_>, wanted: Ordering) -> Result<Value> {
    let mut best = Value::Null;
    for at in 0..context.len() {
        let value = Value::try_from(context.get_raw(at))
            .map_err(|error| Error::UserFunctionError(Box::new(error)))?;
        if best == Value::Null || (value != Value::Null && order(&value, &best) == wanted) {
            best = value;
        }
    }
    Ok(best)
}

#[allow(clippy::cast_precision_loss)] // compares as SQLite does when kinds are mixed
fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        (Value::Real(left), Value::Real(right)) => left.total_cmp(right),
        (Value::Integer(left), Value::Real(right)) => (*left as f64).total_cmp(right),
        (Value::Real(left), Value::Integer(right)) => left.total_cmp(&(*right as f64)),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Blob(left), Value::Blob(right)) => left.cmp(right),
        (Value::Integer(_) | Value::Real(_), _) => Ordering::Less,
        (_, Value::Integer(_) | Value::Real(_)) => Ordering::Greater,
        (Value::Text(_), _) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests;
