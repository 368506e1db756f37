//! Writes as SQLite text. Parameters stand in the order of the row's columns; every statement
//! that returns rows is stepped to its end, or SQLite would never checkpoint.

use mainstay_schema::Table;

use super::Text;
use super::sqlite_condition::{condition, where_clause};
use super::sqlite_expr::outputs;
use super::sqlite_scope::Scope;
use crate::plan::Statement;
use crate::query::{Delete, Expr, Given, Insert, Operand, Update};

/// `INSERT INTO … VALUES … ON CONFLICT … RETURNING …`
#[must_use]
pub fn insert(query: &Insert) -> Statement {
    let table = &query.table;
    let mut text = Text::default();
    text.push("INSERT INTO ").name(&table.name);
    if query.columns.is_empty() {
        text.push(" DEFAULT VALUES");
    } else {
        text.push(" (").list(&query.columns, ", ", |text, at| {
            text.column(table, *at);
        });
        text.push(") VALUES (").list(0..query.columns.len(), ", ", |text, at| {
            text.given(Given(at));
        });
        text.push(")");
    }
    // A row of defaults names no key that could be there already.
    if let Some(conflict) = query.conflict.as_ref().filter(|_| !query.columns.is_empty()) {
        text.push(" ON CONFLICT (").list(&conflict.target, ", ", |text, at| {
            text.column(table, *at);
        });
        match conflict.update.as_deref() {
            None | Some([]) => text.push(") DO NOTHING"),
            Some(columns) => text.push(") DO UPDATE SET ").list(columns, ", ", |text, at| {
                text.column(table, *at).push(" = excluded.").column(table, *at);
            }),
        };
    }
    returning(&mut text, table, &query.returning);
    text.finish()
}

/// Asks whether a row with these values in `target` is there.
#[must_use]
pub fn probe(table: &Table, target: &[usize]) -> Statement {
    let mut text = Text::default();
    text.push("SELECT 1 FROM ").name(&table.name).push(" WHERE ");
    text.list(target.iter().enumerate(), " AND ", |text, (place, at)| {
        text.column(table, *at).push(" = ").given(Given(place));
    });
    text.finish()
}

/// `UPDATE … SET … WHERE … RETURNING …`
#[must_use]
pub fn update(query: &Update) -> Statement {
    let table = &query.table;
    let mut text = Text::default();
    text.push("UPDATE ").name(&table.name).push(" SET ");
    text.list(&query.set, ", ", |text, (at, value): &(usize, Operand)| {
        text.column(table, *at).push(" = ").bind(value);
    });
    where_clause(&mut text, &Scope::of(table), &query.filter);
    returning(&mut text, table, &query.returning);
    text.finish()
}

/// `DELETE FROM … WHERE … RETURNING …`
#[must_use]
pub fn delete(query: &Delete) -> Statement {
    let table = &query.table;
    let mut text = Text::default();
    text.push("DELETE FROM ").name(&table.name);
    match query.filter.is_none() {
        // Keeps SQLite from truncating the table in one go, which would return no rows.
        true => text.push(" WHERE 1"),
        false => {
            text.push(" WHERE ");
            condition(&mut text, &Scope::of(table), &query.filter);
            &mut text
        }
    };
    returning(&mut text, table, &query.returning);
    text.finish()
}

fn returning(text: &mut Text, table: &Table, expressions: &[Expr]) {
    if !expressions.is_empty() {
        text.push(" RETURNING ");
        outputs(text, &Scope::of(table), expressions);
    }
}
