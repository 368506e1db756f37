//! Names become columns: fields of an intent, resolved against one table or view. What does not
//! exist is an error with the nearest right name.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Table, Type};
use mainstay_store::query::{Expr, Filter, Step, Test};

use super::Target;
use super::index::nearest;
use crate::parse::Field;
use crate::parse::filter::PathStep;

/// A JSON path without an alias is named after its last key.
#[must_use]
pub fn last_name<'a>(field: &'a Field<'_>) -> &'a str {
    let last = field.path.iter().rev().find_map(|step| match step {
        PathStep::Key(key) => Some(key.as_ref()),
        PathStep::At(_) => None,
    });
    last.unwrap_or(&field.name)
}

/// A column or a path into its JSON.
///
/// # Errors
/// `42703` when there is no such column, `42883` for a path into what is no JSON.
pub fn expr(target: &Target<'_>, field: &Field<'_>) -> Result<Expr> {
    let at = column(target, &field.name)?;
    if field.path.is_empty() {
        return Ok(Expr::Column(at));
    }
    let ty = &target.table.columns[at].ty;
    if !matches!(ty, Type::Json | Type::Array(_)) {
        let arrow = if field.as_text { "->>" } else { "->" };
        let message = format!("operator does not exist: {} {arrow} unknown", ty.sql_name());
        return Err(Error::new(Code::OperatorUnfit, message)
            .hint("Only json columns and arrays can be stepped into."));
    }
    let step = |step: &PathStep<'_>| match step {
        PathStep::Key(key) => Step::Key(key.clone().into_owned()),
        PathStep::At(at) => Step::At(*at),
    };
    let path = field.path.iter().map(step).collect();
    Ok(Expr::Path { column: at, path, as_text: field.as_text })
}

/// # Errors
/// `42703`
pub fn column(target: &Target<'_>, name: &str) -> Result<usize> {
    target.visible(name).ok_or_else(|| {
        let hint = nearest(name, target.names()).map(|near| {
            format!("Perhaps you meant to reference the column \"{}.{near}\".", target.name)
        });
        let message = format!("column {}.{name} does not exist", target.name);
        Error::new(Code::ColumnUnknown, message).hint_if(hint)
    })
}

/// # Errors
/// `PGRST204`
pub fn body_column(target: &Target<'_>, name: &str) -> Result<usize> {
    target.writable(name).ok_or_else(|| {
        let near = nearest(name, target.names());
        let hint = near.map(|near| format!("Perhaps you meant '{near}'."));
        let table = target.name;
        let message =
            format!("Could not find the '{name}' column of '{table}' in the schema cache");
        Error::new(Code::ColumnUnknownInBody, message).hint_if(hint)
    })
}

/// The types that `::name` may name.
///
/// # Errors
/// `42704`
pub fn cast_type(name: &str) -> Result<Type> {
    let ty = match name.trim().to_ascii_lowercase().as_str() {
        "text" | "varchar" | "character varying" => Type::Text,
        "int2" | "smallint" => Type::SmallInt,
        "int" | "int4" | "integer" => Type::Integer,
        "int8" | "bigint" => Type::BigInt,
        "numeric" | "decimal" => Type::Numeric(None),
        "float4" | "real" => Type::Real,
        "float8" | "double precision" | "float" => Type::Double,
        "bool" | "boolean" => Type::Boolean,
        "uuid" => Type::Uuid,
        "timestamptz" | "timestamp with time zone" => Type::TimestampTz,
        "timestamp" | "timestamp without time zone" => Type::Timestamp,
        "date" => Type::Date,
        "time" => Type::Time,
        "json" | "jsonb" => Type::Json,
        _ => {
            let message = format!("type \"{name}\" does not exist");
            return Err(Error::new(Code::CastUnknown, message));
        }
    };
    Ok(ty)
}

/// Every unique key that the filter pins to one value leaves at most one row.
#[must_use]
pub fn is_keyed(table: &Table, filter: &Filter) -> bool {
    let Filter::All(parts) = filter else { return false };
    let pinned: Vec<usize> = parts
        .iter()
        .filter_map(|part| match part {
            Filter::Test(Expr::Column(at), Test::Eq, _) => Some(*at),
            _ => None,
        })
        .collect();
    let covers = |key: &[usize]| !key.is_empty() && key.iter().all(|at| pinned.contains(at));
    covers(&table.primary_key.columns) || table.uniques.iter().any(|unique| covers(&unique.columns))
}
