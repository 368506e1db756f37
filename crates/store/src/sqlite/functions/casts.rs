//! `mainstay_cast(from, to, x)`: a value as another type, both by their declared spelling, inside
//! a statement that filters, groups or adds what was cast.

use mainstay_base::Error;
use mainstay_schema::{Type, Value as Kept};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::stored;
use crate::sqlite::raised::raise;

pub(super) fn register(connection: &Connection, pure: FunctionFlags) -> Result<()> {
    connection.create_scalar_function("mainstay_cast", 3, pure, cast)
}

fn cast(context: &Context<'_>) -> Result<Value> {
    let from = context.get_or_create_aux(0, named)?;
    let to = context.get_or_create_aux(1, named)?;
    let made = from.cast(&to, stored(context.get_raw(2))).map_err(raise)?;
    Ok(match made {
        Kept::Null => Value::Null,
        Kept::Int(number) => Value::Integer(number),
        Kept::Real(number) => Value::Real(number),
        Kept::Text(text) => Value::Text(text),
        Kept::Blob(bytes) => Value::Blob(bytes),
    })
}

fn named(value: ValueRef<'_>) -> Result<Type> {
    let ty = value.as_str().ok().and_then(Type::parse);
    ty.ok_or_else(|| raise(Error::internal("a cast names no type")))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failure, value};
    use super::*;

    #[test]
    fn a_value_is_cast_as_the_data_api_casts_it() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (call, expect) in [
            ("'numeric(5,2)', 'text', 1.5", text("1.50")),
            ("'text', 'integer', ' 7 '", Value::Integer(7)),
            ("'double', 'integer', 2.5", Value::Integer(2)),
            ("'numeric(5,2)', 'integer', 2.5", Value::Integer(3)),
            ("'timestamptz', 'date', '2024-01-31T10:20:30+00:00'", text("2024-01-31")),
            ("'boolean', 'text', 1", text("true")),
            ("'text', 'json', '{\"a\": 1}'", text("\"{\\\"a\\\": 1}\"")),
            ("'text', 'bytes', '\\x6869'", Value::Blob(b"hi".to_vec())),
            ("'text', 'integer', null", Value::Null),
        ] {
            assert_eq!(value(&format!("mainstay_cast({call})")).unwrap(), expect, "{call}");
        }
    }

    #[test]
    fn a_cast_that_fails_keeps_its_code() {
        for (call, code) in [
            ("'text', 'integer', 'ten'", "22P02"),
            ("'text', 'smallint', '70000'", "22003"),
            ("'text', 'date', 'soon'", "22007"),
            ("'strng', 'date', 'soon'", "internal"),
        ] {
            let error = failure(&format!("mainstay_cast({call})"));
            assert_eq!(error.code().text(), code, "{call}");
        }
    }
}
