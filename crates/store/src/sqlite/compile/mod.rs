//! Compiles what people wrote in SQL: makes all tables of a declaration in memory, asks SQLite what
//! each view and function gives, and keeps the answer in the catalog. What SQLite refuses is said
//! before anything is served. Nothing is run and nothing is kept on disk.

mod columns;
mod explain;
mod function;
mod view;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_base::{Clock, Error, Result};
use mainstay_schema::Table;
use mainstay_schema::model::{Catalog, Module};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

pub use self::explain::explain;

use self::columns::Nature;
use super::functions;
use crate::sql::sqlite_ddl;

/// A piece of SQL that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `module.name` of the table, view or function.
    pub place: String,
    /// In SQLite's words, or in ours: one sentence without its end.
    pub why: String,
}

/// What is wrong with one table, view or function of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub name: String,
    pub why: String,
    /// The column of a view that lacks nothing but a declared type.
    pub untyped: Option<String>,
}

/// The views that were compiled already, by what they do to the columns of those that read them.
type Natures = BTreeMap<String, Nature>;

/// Fills `compiled` of every view and function. Returns everything that is refused; its `compiled`
/// stays empty.
///
/// # Errors
/// When no database can be opened in memory.
pub fn compile(catalog: &mut Catalog, clock: &Arc<dyn Clock>) -> Result<Vec<Refused>> {
    let mut refused = Vec::new();
    for module in &mut catalog.modules {
        let faults = compile_module(Arc::make_mut(module), clock)?;
        refused.extend(faults.into_iter().map(|fault| Refused {
            place: format!("{}.{}", module.name, fault.name),
            why: fault.why,
        }));
    }
    Ok(refused)
}

/// `compile` for one module.
///
/// # Errors
/// When no database can be opened in memory.
pub(crate) fn compile_module(module: &mut Module, clock: &Arc<dyn Clock>) -> Result<Vec<Fault>> {
    let mut connection = opened(clock)?;
    let mut faults = tables(&connection, module);
    let natures = view::compile(&mut connection, module, &mut faults)?;
    function::compile(&mut connection, module, &natures, &mut faults)?;
    Ok(faults)
}

/// A database in memory with our functions.
fn opened(clock: &Arc<dyn Clock>) -> Result<Connection> {
    let connection = Connection::open_in_memory().map_err(Error::internal)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false).map_err(Error::internal)?;
    functions::register(&connection, clock).map_err(Error::internal)?;
    Ok(connection)
}

fn tables(connection: &Connection, module: &Module) -> Vec<Fault> {
    let mut faults = Vec::new();
    for table in &module.tables {
        let make = |table: &Table| {
            let statements = sqlite_ddl::create(module, table);
            statements.iter().try_for_each(|sql| connection.execute_batch(sql))
        };
        let made = match table.adopted {
            // What only its application can compile stays in the file, and is in force there.
            true => make(table).or_else(|_| {
                connection.execute_batch(&sqlite_ddl::forget(&table.name))?;
                make(&bare(table))
            }),
            false => make(table),
        };
        faults.extend(made.err().map(|error| Fault::new(&table.name, said(&error))));
    }
    faults
}

/// The columns of a table and nothing else that SQLite has to compile.
fn bare(table: &Table) -> Table {
    let mut bare = table.clone();
    bare.checks.clear();
    bare.indexes.clear();
    bare.foreign_keys.clear();
    for column in &mut bare.columns {
        column.generated = None;
        column.default = None;
    }
    bare
}

impl Fault {
    fn new(name: &str, why: impl Into<String>) -> Self {
        Self { name: name.to_owned(), why: why.into(), untyped: None }
    }
}

const NOT_FOR_SQLITE: &str =
    "there is no `sql.sqlite` beside `sql.postgres`, and SQLite is what serves it";

/// SQLite's words, without the statement that they are about.
fn said(error: &rusqlite::Error) -> String {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}
