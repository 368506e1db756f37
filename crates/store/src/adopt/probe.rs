//! Tries out what cannot be known otherwise: whether a declaration takes a piece of SQL, and
//! whether SQLite can still write to a table outside the application that made it.

use std::sync::Arc;

use mainstay_schema::model::{Check, Sql, View};
use mainstay_schema::{Column, Module, Table, Type, read_texts, write};
use rusqlite::Connection;

use crate::sql::quote;

/// A check, a generated column or the filter of an index can have this expression.
pub(super) fn expression(sql: &str) -> bool {
    let table = Table {
        checks: vec![Check { name: String::new(), sql: sql.to_owned() }],
        adopted: true,
        ..Table::bare("t", vec![Column::bare("a", Type::Text)])
    };
    reads_back(vec![Arc::new(table)], Vec::new())
}

/// A view can be declared so.
pub(super) fn view(view: &View) -> bool {
    let Sql::Both(_) = &view.sql else { return false };
    reads_back(Vec::new(), vec![view.clone()])
}

fn reads_back(tables: Vec<Arc<Table>>, views: Vec<View>) -> bool {
    let name = "m".to_owned();
    let module =
        Module { name, doc: None, tables, functions: Vec::new(), views, expectations: Vec::new() };
    let text = write::module(&module);
    read_texts("m", &[("mainstay.toml", "name = \"m\"\n"), ("modules/m.toml", &text)]).is_ok()
}

/// Why SQLite cannot compile writes to a table: a function or a collation that only the
/// application has, or a reference to what is not there.
pub(super) fn write_refusal(connection: &Connection, table: &str) -> Option<String> {
    let statements = ["INSERT INTO {} DEFAULT VALUES", "DELETE FROM {} WHERE 0"];
    let refused = statements
        .iter()
        .find_map(|statement| connection.prepare(&statement.replace("{}", &quote(table))).err())?;
    Some(said(refused))
}

/// What SQLite said, without the statement.
pub(super) fn said(error: rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. }
        | rusqlite::Error::SqliteFailure(_, Some(msg)) => msg,
        other => other.to_string(),
    }
}
