//! What a file knows about its own tables: the declaration by which each was made. Comparing it
//! with the declaration of today gives the steps between them.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Table;
use mainstay_schema::model::Module;
use rusqlite::{Connection, OptionalExtension, params};

use super::failure;
use crate::sql::sqlite_ddl;

const MAKE: &str = "CREATE TABLE IF NOT EXISTS _mainstay_tables (
  name TEXT PRIMARY KEY, position INTEGER NOT NULL, declared TEXT NOT NULL
) STRICT";

/// The tables that the file was made with, in order of declaration; `None` for a new file.
///
/// # Errors
/// When the file cannot be read or was written by a version that this one does not know.
pub fn read(connection: &Connection) -> Result<Option<Vec<Table>>> {
    let known: Option<i64> = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = '_mainstay_tables'", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(failure::plain)?;
    if known.is_none() {
        return Ok(None);
    }
    let mut statement = connection
        .prepare("SELECT declared FROM _mainstay_tables ORDER BY position")
        .map_err(failure::plain)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failure::plain)?;
    let mut tables = Vec::new();
    for row in rows {
        let text = row.map_err(failure::plain)?;
        tables.push(serde_json::from_str(&text).map_err(|error| {
            Error::new(Code::DatabaseUnavailable, "The stored declaration cannot be read")
                .details(error.to_string())
                .hint("The file may have been written by a newer version of Mainstay.")
        })?);
    }
    Ok(Some(tables))
}

/// Makes all tables of a new file, or records those that `adopt` found.
///
/// # Errors
/// When a statement fails.
pub fn write(connection: &Connection, module: &Module, make: bool) -> Result<()> {
    connection.execute_batch(MAKE).map_err(failure::plain)?;
    connection.execute("DELETE FROM _mainstay_tables", []).map_err(failure::plain)?;
    for (position, table) in (0_i64..).zip(&module.tables) {
        if make {
            for sql in sqlite_ddl::create(module, table) {
                run(connection, &sql)?;
            }
        }
        let declared = serde_json::to_string(table.as_ref()).map_err(Error::internal)?;
        connection
            .execute(
                "INSERT INTO _mainstay_tables (name, position, declared) VALUES (?, ?, ?)",
                params![table.name, position, declared],
            )
            .map_err(failure::plain)?;
    }
    Ok(())
}

/// Runs one statement of a schema change; the error shows it.
///
/// # Errors
/// When the statement fails.
pub fn run(connection: &Connection, sql: &str) -> Result<()> {
    connection.execute_batch(sql).map_err(|error| {
        Error::new(Code::DatabaseUnavailable, "A table could not be made as declared")
            .details(format!("{error}\n{sql}"))
            .hint("SQL in `checks`, `generated` and partial indexes is run by SQLite as written.")
    })
}
