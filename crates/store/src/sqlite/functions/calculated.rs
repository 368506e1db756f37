//! CEL's arithmetic, moments and texts for access rules. Where CEL has an error (an overflow, a
//! division by zero, a null) the answer is NULL.

use mainstay_schema::rule::tree::TimePart;
use mainstay_schema::value::time;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

pub(super) fn register(connection: &Connection, pure: FunctionFlags) -> Result<()> {
    numbers(connection, pure, "mainstay_add", i64::checked_add, |l, r| l + r)?;
    numbers(connection, pure, "mainstay_subtract", i64::checked_sub, |l, r| l - r)?;
    numbers(connection, pure, "mainstay_multiply", i64::checked_mul, |l, r| l * r)?;
    numbers(connection, pure, "mainstay_divide", i64::checked_div, |l, r| l / r)?;
    numbers(connection, pure, "mainstay_remainder", i64::checked_rem, |_, _| f64::NAN)?;
    connection.create_scalar_function("mainstay_negate", 1, pure, |c| {
        Ok(match c.get_raw(0) {
            ValueRef::Integer(number) => number.checked_neg().map(Value::Integer),
            ValueRef::Real(number) => Some(Value::Real(-number)),
            _ => None,
        })
    })?;
    connection.create_scalar_function("mainstay_to_int", 1, pure, |c| {
        let ValueRef::Real(number) = c.get_raw(0) else { return Ok(None) };
        // The bounds are those of CEL: what a double rounds to the largest number is beyond it.
        let fits = number > -9_223_372_036_854_775_808.0 && number < 9_223_372_036_854_775_808.0;
        #[allow(clippy::cast_possible_truncation)] // CEL cuts the fraction off
        Ok(fits.then_some(number as i64))
    })?;
    moments(connection, pure)?;
    for (name, test) in [
        ("mainstay_holds", (|text, part| text.contains(part)) as fn(&str, &str) -> bool),
        ("mainstay_starts", |text, part| text.starts_with(part)),
        ("mainstay_ends", |text, part| text.ends_with(part)),
    ] {
        connection.create_scalar_function(name, 2, pure, move |c| {
            Ok(text(c, 0).zip(text(c, 1)).map(|(text, part)| test(text, part)))
        })?;
    }
    Ok(())
}

fn moments(connection: &Connection, pure: FunctionFlags) -> Result<()> {
    connection.create_scalar_function("mainstay_time_add", 2, pure, |c| {
        // Either may stand first.
        let (moment, span) = match c.get_raw(0) {
            ValueRef::Text(_) => (moment(c, 0), number(c, 1)),
            _ => (moment(c, 1), number(c, 0)),
        };
        let sum = moment.zip(span).and_then(|(moment, span)| moment.checked_add(span));
        Ok(sum.and_then(time::format_utc))
    })?;
    connection.create_scalar_function("mainstay_time_subtract", 2, pure, |c| {
        let parts = moment(c, 0).zip(number(c, 1));
        Ok(parts.and_then(|(from, span)| from.checked_sub(span)).and_then(time::format_utc))
    })?;
    connection.create_scalar_function("mainstay_time_between", 2, pure, |c| {
        Ok(moment(c, 0).zip(moment(c, 1)).and_then(|(left, right)| left.checked_sub(right)))
    })?;
    connection.create_scalar_function("mainstay_time_part", 2, pure, |c| {
        let part = text(c, 0).and_then(|name| {
            TimePart::ALL.iter().find(|(known, _)| *known == name).map(|(_, part)| *part)
        });
        Ok(part.zip(moment(c, 1)).and_then(|(part, moment)| time::part(moment, part)))
    })
}

fn numbers(
    connection: &Connection,
    pure: FunctionFlags,
    name: &str,
    whole: fn(i64, i64) -> Option<i64>,
    double: fn(f64, f64) -> f64,
) -> Result<()> {
    connection.create_scalar_function(name, 2, pure, move |c| {
        Ok(match (c.get_raw(0), c.get_raw(1)) {
            (ValueRef::Integer(left), ValueRef::Integer(right)) => {
                whole(left, right).map(Value::Integer)
            }
            (left, right) => real(left).zip(real(right)).map(|(l, r)| Value::Real(double(l, r))),
        })
    })
}

/// A decimal column may hold a whole number where another row has a fraction.
#[allow(clippy::cast_precision_loss)]
fn real(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Real(number) => Some(number),
        ValueRef::Integer(number) => Some(number as f64),
        _ => None,
    }
}

fn number(context: &Context<'_>, at: usize) -> Option<i64> {
    match context.get_raw(at) {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    }
}

fn text<'a>(context: &'a Context<'_>, at: usize) -> Option<&'a str> {
    match context.get_raw(at) {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn moment(context: &Context<'_>, at: usize) -> Option<i64> {
    time::moment(text(context, at)?)
}
