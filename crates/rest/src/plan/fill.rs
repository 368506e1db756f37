//! The columns and values of rows that are written: those that were sent, as far as the caller may
//! write them, and those that the server makes.

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Identity;
use mainstay_schema::model::Identity as Numbering;
use mainstay_schema::{Column, Table, Value};

use super::body::Cells;
use super::guard::unnamed;
use super::made::Maker;
use super::{Target, resolve};
use crate::parse::Intent;

/// `columns=`
///
/// # Errors
/// `PGRST204`
pub fn columns(target: &Target<'_>, intent: &Intent<'_>) -> Result<Option<Vec<usize>>> {
    let Some(names) = &intent.query.columns else {
        return Ok(None);
    };
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let at = resolve::body_column(target, name)?;
        if !columns.contains(&at) {
            columns.push(at);
        }
    }
    Ok(Some(columns))
}

/// Without `columns=` all rows must have the keys of the first.
///
/// # Errors
/// `PGRST102`
pub fn same_keys(rows: &[Cells]) -> Result<Vec<usize>> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let sent: Vec<usize> = first.iter().map(|(at, _)| *at).collect();
    let same = |row: &Cells| row.len() == sent.len() && row.iter().all(|(at, _)| sent.contains(at));
    if rows.iter().all(same) {
        return Ok(sent);
    }
    Err(Error::new(Code::BodyUnreadable, "All object keys must match")
        .hint("Name the columns with the query parameter `columns`."))
}

/// The columns and values of one row, checked: those sent, then those that the server makes.
///
/// # Errors
/// As `may_write` and `may_fill`; those of the declared bounds.
pub fn fill(
    target: &Target<'_>,
    sent: &[usize],
    mut cells: Cells,
    intent: &Intent<'_>,
    maker: &Maker<'_>,
) -> Result<(Vec<usize>, Vec<Value>)> {
    let table = target.table;
    let (mut columns, mut values) = (Vec::with_capacity(sent.len() + 2), Vec::new());
    for at in sent {
        let given = cells.iter().position(|(known, _)| known == at);
        let value = match given {
            Some(place) => Some(std::mem::replace(&mut cells[place].1, Value::Null)),
            None if intent.prefer.missing_default => maker.value(&table.columns[*at])?,
            None => Some(Value::Null),
        };
        // A column that `columns` lists is written, whether the body has it or not.
        may_write(target, *at, &target.closed.create, maker.identity())?;
        if let Some(value) = value {
            may_fill(target, *at, &value, maker)?;
            bounded(target, *at, &value)?;
            columns.push(*at);
            values.push(value);
        }
    }
    for (at, column) in table.columns.iter().enumerate() {
        if sent.contains(&at) {
            continue;
        }
        match maker.value(column)?.filter(|_| Maker::makes(column)) {
            Some(value) => {
                bounded(target, at, &value)?;
                columns.push(at);
                values.push(value);
            }
            // SQLite would number a key that is one whole number by itself.
            None if is_missing(table, column) => bounded(target, at, &Value::Null)?,
            None => {}
        }
    }
    Ok((columns, values))
}

/// Nobody has a value for it, and it cannot be null.
fn is_missing(table: &Table, column: &Column) -> bool {
    let made = column.default.is_some() || column.identity.is_some() || column.generated.is_some();
    !made && !column.null && !table.adopted
}

/// The declared bounds.
fn bounded(target: &Target<'_>, at: usize, value: &Value) -> Result<()> {
    told(target, at, target.index.guards[at].check(target.table, at, value))
}

/// A complaint about a value; about one in a hidden column without its name.
///
/// # Errors
/// The complaint.
pub fn told(target: &Target<'_>, at: usize, checked: Result<()>) -> Result<()> {
    match target.closed.read.contains(&at) {
        true => checked.map_err(|error| unnamed(target.table, &error)),
        false => checked,
    }
}

/// # Errors
/// `428C9` for a column that the server fills in, unless the value is the server's.
fn may_fill(target: &Target<'_>, at: usize, value: &Value, maker: &Maker<'_>) -> Result<()> {
    let column = &target.table.columns[at];
    if !column.readonly
        || maker.identity().is_service()
        || maker.value(column)?.as_ref() == Some(value)
    {
        return Ok(());
    }
    let message = format!("cannot insert a non-DEFAULT value into column \"{}\"", column.name);
    Err(Error::new(Code::GeneratedColumn, message)
        .details(format!("Column \"{}\" is read-only.", column.name)))
}

/// # Errors
/// `42501` for columns that are closed to the caller, `428C9` for those that only the database
/// writes.
pub fn may_write(
    target: &Target<'_>,
    at: usize,
    closed: &[usize],
    identity: &Identity,
) -> Result<()> {
    let column = &target.table.columns[at];
    if closed.contains(&at) {
        let message = format!("permission denied for column {}", column.name);
        return Err(Error::new(identity.refusal(), message));
    }
    let why = match (&column.generated, column.identity) {
        (Some(_), _) => "a generated column",
        (None, Some(Numbering::Always)) => "an identity column defined as GENERATED ALWAYS",
        _ => return Ok(()),
    };
    let message = format!("cannot insert a non-DEFAULT value into column \"{}\"", column.name);
    Err(Error::new(Code::GeneratedColumn, message)
        .details(format!("Column \"{}\" is {why}.", column.name)))
}
