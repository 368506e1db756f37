//! Takes over a SQLite file that nobody made for Mainstay: `copy` (the file, while it may be in
//! use) -> `read` (what is in it, as declarations) -> `record` (what `serve` will compare with).
//!
//! `facts` asks SQLite, `definition` reads what only the SQL text tells, `values` looks at every
//! row; `table`, `column`, `constraints` and `views` make the declarations, `notes` holds what has
//! no place in them.

mod column;
mod constraints;
mod copy;
mod definition;
mod examine;
mod facts;
mod names;
mod notes;
mod probe;
mod table;
mod tokens;
mod values;
mod views;

use std::path::Path;
use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Module, Table};
use rusqlite::Connection;

use self::facts::Facts;
use self::names::Names;
use self::notes::Notes;
use self::table::Builder;
use crate::sqlite::stored;

pub use self::copy::copy;
pub use self::notes::{Note, NoteKind};

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'p> {
    /// Pages of the file.
    Copied { done: u64, total: u64 },
    /// Rows of one table.
    Examined { table: &'p str, rows: u64 },
}

/// What a file holds.
#[derive(Debug)]
pub struct Adopted {
    /// Its declarations; constraints without a name have an empty one.
    pub module: Module,
    /// Rows of each table of the module.
    pub rows: Vec<u64>,
    /// Everything that is not served as it stands in the file.
    pub notes: Vec<Note>,
}

/// Reads a copied file: its tables and views become the module `name`.
///
/// # Errors
/// When the file is damaged, cannot be read or holds no table.
pub fn read(
    file: &Path,
    name: &str,
    open_read: bool,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Adopted> {
    let connection = examine::open(file)?;
    let unreadable = |error: rusqlite::Error| unreadable(file, &error);
    let mut notes = Notes::default();
    examine::damage(&connection, file, &mut notes)?;
    let facts = facts::read(&connection).map_err(unreadable)?;
    let shown = table::shown(&facts, &mut notes);
    let examined = examine::tables(&connection, shown, &mut notes, progress);
    if examined.shown.is_empty() {
        let message = format!("{} has no table that can be served", file.display());
        return Err(Error::new(Code::DatabaseUnavailable, message));
    }
    let mut names = taken(&facts);
    let mut builder =
        Builder { tables: &examined.shown, names: &mut names, notes: &mut notes, open_read };
    let evidence = examined.evidence.iter().enumerate();
    let tables = evidence.map(|(at, evidence)| Arc::new(builder.table(at, evidence))).collect();
    let (functions, views) = (Vec::new(), Vec::new());
    let expectations = Vec::new();
    let mut module =
        Module { name: name.to_owned(), doc: None, tables, functions, views, expectations };
    views::declare(&connection, &facts, open_read, &mut module, &mut notes)?;
    for (trigger, table) in &facts.triggers {
        let reason = format!("a trigger of {table}: SQLite goes on running it");
        notes.add(NoteKind::Kept, trigger, reason);
    }
    for (name, what) in &facts.foreign {
        notes.add(NoteKind::Hidden, name, *what);
    }
    examine::writes(&connection, &examined.shown, &mut notes);
    Ok(Adopted { module, rows: examined.rows, notes: notes.into_list() })
}

/// The names that constraints cannot have any more.
fn taken(facts: &Facts) -> Names {
    let mut names = Names::default();
    let indexes = facts.tables.iter().flat_map(|table| table.indexes.iter());
    let indexes = indexes.filter(|index| index.sql.is_some()).map(|index| &index.name);
    let tables = facts.tables.iter().map(|table| &table.name);
    let views = facts.views.iter().map(|(name, _)| name);
    for name in tables.chain(views).chain(indexes) {
        names.take(name);
    }
    names
}

/// Records the declaration that will be served. It is the one that was read back from the files
/// that were written, and must say what was found.
///
/// # Errors
/// When the declaration differs from what was found, or the file cannot be written.
pub fn record(file: &Path, adopted: &Adopted, declared: &Module) -> Result<()> {
    let plain = |module: &Module| -> Vec<Table> {
        module.tables.iter().map(|table| unnamed(table)).collect()
    };
    if plain(&adopted.module) != plain(declared) || adopted.module.views != declared.views {
        let message = "The declarations that were written do not read as what was found";
        return Err(Error::new(Code::Internal, message)
            .hint("This is a fault of ours: please report it with the schema of the database."));
    }
    let connection = Connection::open(file).map_err(|error| unreadable(file, &error))?;
    let run = |sql: &str| connection.execute_batch(sql).map_err(|error| unreadable(file, &error));
    run("BEGIN IMMEDIATE")?;
    stored::write(&connection, declared, false)?;
    run("COMMIT")?;
    connection.close().map_err(|(_, error)| unreadable(file, &error))
}

/// Names of constraints are made when a declaration is read; all else must be equal.
fn unnamed(table: &Table) -> Table {
    let mut table = table.clone();
    table.primary_key.name.clear();
    table.uniques.iter_mut().for_each(|unique| unique.name.clear());
    table.checks.iter_mut().for_each(|check| check.name.clear());
    table.foreign_keys.iter_mut().for_each(|reference| reference.name.clear());
    table
}

/// The text of a table has a reference that is checked when a transaction commits.
pub(crate) fn has_deferred(sql: &str) -> bool {
    definition::table(sql).references.iter().any(|reference| reference.deferred)
}

fn unreadable(file: &Path, error: &rusqlite::Error) -> Error {
    let message = format!("The copy {} cannot be read", file.display());
    Error::new(Code::DatabaseUnavailable, message).details(error.to_string())
}
