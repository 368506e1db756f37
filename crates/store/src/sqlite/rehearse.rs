//! Rehearses a declaration: makes all its tables in memory and compiles what people wrote in SQL,
//! so that `check` finds what only the engine can judge. Nothing is run and nothing is kept.

use std::sync::Arc;

use fallible_iterator::FallibleIterator;
use mainstay_base::{Clock, Error, Result};
use mainstay_schema::model::{Catalog, Module, Sql};
use rusqlite::{Batch, Connection};

use super::functions;
use crate::sql::sqlite_ddl;

/// A piece of SQL that SQLite does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `module.name` of the table, view or function.
    pub place: String,
    /// In SQLite's words.
    pub why: String,
}

/// Everything that SQLite would refuse.
///
/// # Errors
/// When no database can be opened in memory.
pub fn rehearse(catalog: &Catalog, clock: &Arc<dyn Clock>) -> Result<Vec<Refused>> {
    let mut refused = Vec::new();
    for module in &catalog.modules {
        let connection = Connection::open_in_memory().map_err(Error::internal)?;
        functions::register(&connection, clock).map_err(Error::internal)?;
        tables(&connection, module, &mut refused);
        for view in &module.views {
            let why = view_fault(&connection, &view.sql);
            refused.extend(why.map(|why| Refused { place: place(module, &view.name), why }));
        }
        for function in &module.functions {
            let why = function_fault(&connection, &function.sql);
            refused.extend(why.map(|why| Refused { place: place(module, &function.name), why }));
        }
    }
    Ok(refused)
}

fn place(module: &Module, name: &str) -> String {
    format!("{}.{name}", module.name)
}

fn tables(connection: &Connection, module: &Module, refused: &mut Vec<Refused>) {
    for table in &module.tables {
        for sql in sqlite_ddl::create(module, table) {
            if let Err(error) = connection.execute_batch(&sql) {
                refused.push(Refused { place: place(module, &table.name), why: said(&error) });
            }
        }
    }
}

/// The text for this engine, if there is one.
fn text(sql: &Sql) -> Option<&str> {
    match sql {
        Sql::Both(text) => Some(text),
        Sql::Each { sqlite, .. } => sqlite.as_deref(),
    }
}

fn view_fault(connection: &Connection, sql: &Sql) -> Option<String> {
    let mut statements = Batch::new(connection, text(sql)?);
    match statements.next() {
        Err(error) => return Some(said(&error)),
        Ok(Some(first)) if !first.readonly() => return Some("a view only reads".to_owned()),
        Ok(_) => {}
    }
    matches!(statements.next(), Ok(Some(_)) | Err(_)).then(|| "a view is one statement".to_owned())
}

fn function_fault(connection: &Connection, sql: &Sql) -> Option<String> {
    const ALLOWED: [&str; 6] = ["select", "with", "insert", "update", "delete", "values"];
    let mut statements = Batch::new(connection, text(sql)?);
    loop {
        match statements.next() {
            Err(error) => return Some(said(&error)),
            Ok(None) => return None,
            Ok(Some(statement)) => {
                let sql = statement.expanded_sql().unwrap_or_default().to_ascii_lowercase();
                let first = sql.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty());
                if !first.is_some_and(|word| ALLOWED.contains(&word)) {
                    let word = first.unwrap_or_default();
                    return Some(format!(
                        "a function reads and writes rows; `{word}` is not for it"
                    ));
                }
            }
        }
    }
}

/// SQLite's words, without the statement that they are about.
fn said(error: &rusqlite::Error) -> String {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}
