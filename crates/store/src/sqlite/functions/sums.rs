//! Exact sums and averages: `mainstay_sum(kind, x)` and `mainstay_avg(kind, x)`. SQLite's own add
//! doubles, so that money would not add up.

use mainstay_base::Error;
use mainstay_schema::value::Total;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, Result};

use super::{argument, first_text, stored};
use crate::sqlite::raised::raise;

pub(super) fn register(connection: &Connection, pure: FunctionFlags) -> Result<()> {
    connection.create_aggregate_function("mainstay_sum", 2, pure, Sum)?;
    connection.create_aggregate_function("mainstay_avg", 2, pure, Average)
}

/// What the values are, which the first argument says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// `integer`: its sum stays a number.
    Integer,
    /// `bigint`: its sum is a decimal text, as it can outgrow the type.
    BigInt,
    /// `numeric:S`: up to 15 digits, kept as a double.
    Short(u16),
    /// `numeric`: decimal texts.
    Long,
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "integer" => Self::Integer,
            "bigint" => Self::BigInt,
            "numeric" => Self::Long,
            other => Self::Short(other.strip_prefix("numeric:")?.parse().ok()?),
        })
    }

    fn scale(self) -> Option<u16> {
        match self {
            Self::Short(scale) => Some(scale),
            _ => None,
        }
    }
}

struct Added {
    kind: Kind,
    total: Total,
}

fn begin(context: &Context<'_>) -> Result<Added> {
    let text = first_text(context)?;
    let kind = Kind::parse(text)
        .ok_or_else(|| raise(Error::internal(format!("no kind of sum: {text}"))))?;
    Ok(Added { kind, total: Total::with_scale(kind.scale().unwrap_or(0)) })
}

fn add(context: &Context<'_>, added: &mut Added) -> Result<()> {
    let value = stored(argument(context, 1)?);
    added.total.add(value, added.kind.scale()).map_err(raise)
}

struct Sum;

impl Aggregate<Added, Value> for Sum {
    fn init(&self, context: &mut Context<'_>) -> Result<Added> {
        begin(context)
    }

    fn step(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        add(context, added)
    }

    fn finalize(&self, _: &mut Context<'_>, added: Option<Added>) -> Result<Value> {
        let Some(Added { kind, total }) = added.filter(|added| added.total.count() > 0) else {
            return Ok(Value::Null);
        };
        Ok(match total.whole() {
            Some(whole) if kind == Kind::Integer => Value::Integer(whole),
            _ => Value::Text(total.sum()),
        })
    }
}

struct Average;

impl Aggregate<Added, Value> for Average {
    fn init(&self, context: &mut Context<'_>) -> Result<Added> {
        begin(context)
    }

    fn step(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        add(context, added)
    }

    fn finalize(&self, _: &mut Context<'_>, added: Option<Added>) -> Result<Value> {
        Ok(added.and_then(|added| added.total.average()).map_or(Value::Null, Value::Text))
    }
}

#[cfg(test)]
mod tests {
    use mainstay_base::Code;

    use super::super::tests::{failure, value};
    use super::*;

    #[test]
    fn sums_and_averages_are_exact_and_pass_over_nulls() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (call, rows, expect) in [
            ("mainstay_sum('integer', x)", "(1),(2),(null)", Value::Integer(3)),
            ("mainstay_avg('integer', x)", "(1),(2),(null)", text("1.5000000000000000")),
            ("mainstay_sum('integer', x)", "(null)", Value::Null),
            ("mainstay_avg('integer', x)", "(null)", Value::Null),
            ("mainstay_sum('bigint', x)", "(9223372036854775807),(1)", text("9223372036854775808")),
            ("mainstay_sum('bigint', x)", "(5)", text("5")),
            ("mainstay_sum('numeric:2', x)", "(0.1),(0.2),(3)", text("3.30")),
            ("mainstay_sum('numeric:2', x)", "(3)", text("3.00")),
            ("mainstay_avg('numeric:2', x)", "(0.1),(0.2)", text("0.15000000000000000000")),
            (
                "mainstay_sum('numeric', x)",
                "('12345678901234567890.1'),('0.02')",
                text("12345678901234567890.12"),
            ),
        ] {
            let sql = format!("{call} from (select column1 as x from (values {rows}))");
            assert_eq!(value(&sql).unwrap(), expect, "{sql}");
        }
        let none = "mainstay_sum('integer', x) from (select 1 as x) where false";
        assert_eq!(value(none).unwrap(), Value::Null);
    }

    #[test]
    fn what_is_no_number_keeps_its_code() {
        let error = failure("mainstay_sum('numeric', x) from (select 'ten' as x)");
        assert_eq!(error.code(), Code::LiteralInvalid);
        let error = failure("mainstay_avg('money', x) from (select 1 as x)");
        assert_eq!(error.code(), Code::Internal);
    }
}
