//! What a value must be like before the database sees it: length, range, pattern, as declared.

use std::cmp::Ordering;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::value::number;
use mainstay_schema::{Column, Table, Type, Value};
use regex::Regex;

/// The largest number that a caller may choose for an identity. Numbers go on from the largest
/// there was, so a caller who took the last one would end all further inserts.
const LAST_NUMBER: i64 = 1 << 62;

/// The compiled bounds of one column.
#[derive(Debug, Default)]
pub struct Guard {
    min_len: Option<usize>,
    max_len: Option<usize>,
    min: Option<Value>,
    max: Option<Value>,
    pattern: Option<Regex>,
    bounded: bool,
}

impl Guard {
    pub(super) fn new(column: &Column) -> Result<Self> {
        let bound = |text: &Option<String>| {
            text.as_deref().map(|text| column.ty.read_text(text)).transpose()
        };
        let len = |len: Option<u64>| len.map(|len| usize::try_from(len).unwrap_or(usize::MAX));
        let pattern = column.pattern.as_deref().map(Regex::new).transpose();
        let mut guard = Self {
            min_len: len(column.min_len),
            max_len: len(column.max_len),
            min: bound(&column.min)?,
            max: bound(&column.max)?,
            pattern: pattern.map_err(Error::internal)?,
            bounded: false,
        };
        guard.bounded = guard.min_len.is_some()
            || guard.max_len.is_some()
            || guard.min.is_some()
            || guard.max.is_some()
            || guard.pattern.is_some();
        Ok(guard)
    }

    /// Judges a value that replaces one of a row that is there: no number is made for a null.
    ///
    /// # Errors
    /// As `check`.
    pub fn check_change(&self, table: &Table, at: usize, value: &Value) -> Result<()> {
        let column = &table.columns[at];
        match *value == Value::Null && !column.null {
            true => Err(null_in(table, column)),
            false => self.check(table, at, value),
        }
    }

    /// Judges a value of `table`'s column `at`.
    ///
    /// # Errors
    /// `22001` when too long, `23502` for a null, `23514` for the other bounds.
    pub fn check(&self, table: &Table, at: usize, value: &Value) -> Result<()> {
        let column = &table.columns[at];
        if column.identity.is_some() && matches!(value, Value::Int(number) if *number > LAST_NUMBER)
        {
            return Err(too_large(column));
        }
        if *value == Value::Null {
            let numbered = column.identity.is_some();
            return match column.null || numbered {
                true => Ok(()),
                false => Err(null_in(table, column)),
            };
        }
        if !self.bounded {
            return Ok(());
        }
        let len = length(&column.ty, value);
        if let Some(most) = self.max_len.filter(|most| len > *most) {
            return Err(too_long(column, most));
        }
        if let Some(least) = self.min_len.filter(|least| len < *least) {
            return Err(breaks(table, column, &format!("shorter than {least}")));
        }
        if self.min.as_ref().is_some_and(|min| order(value, min) == Ordering::Less) {
            let min = column.min.as_deref().unwrap_or_default();
            return Err(breaks(table, column, &format!("below {min}")));
        }
        if self.max.as_ref().is_some_and(|max| order(value, max) == Ordering::Greater) {
            let max = column.max.as_deref().unwrap_or_default();
            return Err(breaks(table, column, &format!("above {max}")));
        }
        match (&self.pattern, value) {
            (Some(pattern), Value::Text(text)) if !pattern.is_match(text) => {
                let why = format!("not of the form {}", pattern.as_str());
                Err(breaks(table, column, &why))
            }
            _ => Ok(()),
        }
    }
}

/// Characters of a text, bytes of bytes, elements of an array.
fn length(ty: &Type, value: &Value) -> usize {
    match (ty, value) {
        (Type::Array(_), Value::Text(json)) => {
            serde_json::from_str::<Vec<&serde_json::value::RawValue>>(json)
                .map_or(0, |all| all.len())
        }
        (_, Value::Text(text)) => text.chars().count(),
        (_, Value::Blob(bytes)) => bytes.len(),
        _ => 0,
    }
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Real(left), Value::Real(right)) => left.total_cmp(right),
        (Value::Text(left), Value::Text(right)) => number::compare(left, right),
        _ => Ordering::Equal,
    }
}

/// The error about a column that the caller may not see, without its name.
#[must_use]
pub fn unnamed(table: &Table, error: &Error) -> Error {
    let message = match error.code() {
        Code::NotNullViolated => {
            format!(
                "null value in a column of relation \"{}\" violates not-null constraint",
                table.name
            )
        }
        Code::TextTooLong => "value too long for a column".to_owned(),
        Code::NumberOutOfRange => "value for an identity column is out of range".to_owned(),
        _ => format!("new row for relation \"{}\" violates a check constraint", table.name),
    };
    Error::new(error.code(), message)
}

fn null_in(table: &Table, column: &Column) -> Error {
    let message = format!(
        "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
        column.name, table.name
    );
    Error::new(Code::NotNullViolated, message)
}

fn too_large(column: &Column) -> Error {
    let message = format!("value for identity column \"{}\" is out of range", column.name);
    Error::new(Code::NumberOutOfRange, message)
        .details(format!("The largest that may be chosen is {LAST_NUMBER}."))
}

fn too_long(column: &Column, most: usize) -> Error {
    let message = match column.ty {
        Type::Text => format!("value too long for type character varying({most})"),
        _ => format!("value too long for column \"{}\": at most {most}", column.name),
    };
    Error::new(Code::TextTooLong, message).details(format!("Column: {}", column.name))
}

fn breaks(table: &Table, column: &Column, why: &str) -> Error {
    let message = format!(
        "new row for relation \"{}\" violates check constraint \"{}_{}_check\"",
        table.name, table.name, column.name
    );
    Error::new(Code::CheckViolated, message).details(format!("{} is {why}.", column.name))
}
