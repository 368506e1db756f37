//! From an intent to a plan: names are looked up, values are read as their column's type, and the
//! shape of the request is turned into statements once and remembered. Pure but for the clock.

pub mod body;
pub mod change;
pub mod guard;
pub mod index;
pub mod input;
pub mod insert;
pub mod made;
pub mod put;
pub mod read;
pub mod resolve;
pub mod shape;

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Closed;
use mainstay_schema::{Module, Table, Type};
use mainstay_store::Statement;

use crate::Config;
use crate::parse::{Intent, Resource};

pub use index::Index;
pub use input::Input;

/// A column of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub name: String,
    /// `"name":`, ready to be written.
    pub key: Vec<u8>,
    pub ty: Type,
    pub cast: Option<Type>,
}

/// The table that an intent addresses.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub module_at: usize,
    pub table_at: usize,
    pub module: &'a Arc<Module>,
    pub table: &'a Arc<Table>,
    pub index: &'a index::TableIndex,
    /// Columns that are closed to the caller.
    pub closed: &'a Closed,
}

impl<'a> Target<'a> {
    /// As one caller may see it.
    #[must_use]
    pub fn seen_by(self, closed: &'a Closed) -> Self {
        Self { closed, ..self }
    }

    /// The position of a column that exists for the caller.
    #[must_use]
    pub fn visible(&self, name: &str) -> Option<usize> {
        self.index.columns.get(name).copied().filter(|at| !self.closed.read.contains(at))
    }

    /// The names that may be shown to the caller.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (table, closed) = (self.table, self.closed);
        let columns = table.columns.iter().enumerate();
        columns.filter(|(at, _)| !closed.read.contains(at)).map(|(_, column)| &*column.name)
    }
}

/// What is remembered of a shape: everything about a request but its values.
#[derive(Debug)]
pub struct Prepared {
    pub statement: Arc<Statement>,
    pub count: Option<Arc<Statement>>,
    pub outputs: Arc<[Output]>,
    pub inputs: Vec<Input>,
    /// At most one row can come back, found by a unique key.
    pub keyed: bool,
    /// Places of the outputs among the values of a new row, where they are all known.
    pub echo: Option<Arc<[Option<usize>]>>,
}

/// Finds what the intent addresses.
///
/// # Errors
/// `PGRST106` for the module, `PGRST205` for the table. `visible` says which tables may be named
/// in a hint.
pub fn target<'a>(
    index: &'a Index,
    intent: &Intent<'_>,
    visible: impl Fn(usize, usize) -> bool,
) -> Result<Target<'a>> {
    let module_at = index.module(intent.profile).ok_or_else(|| unknown_module(index, intent))?;
    let module = &index.catalog.modules[module_at];
    let name = match intent.resource {
        Resource::Table(name) | Resource::Function(name) => name,
        Resource::Root => "",
    };
    let inside = &index.modules[module_at];
    let Some(table_at) = inside.tables.get(name).copied() else {
        if module.views.iter().any(|view| view.name == name) {
            let message = format!(
                "The view '{}.{name}' is declared but not served by this version",
                module.name
            );
            return Err(Error::new(Code::NotImplemented, message));
        }
        let known = module.tables.iter().enumerate();
        let known = known.filter(|(at, _)| visible(module_at, *at)).map(|(_, table)| &*table.name);
        let hint = index::nearest(name, known)
            .map(|near| format!("Perhaps you meant the table '{}.{near}'", module.name));
        let message =
            format!("Could not find the table '{}.{name}' in the schema cache", module.name);
        return Err(Error::new(Code::TableUnknown, message).hint_if(hint));
    };
    Ok(index.target(module_at, table_at))
}

fn unknown_module(index: &Index, intent: &Intent<'_>) -> Error {
    let names: Vec<&str> = index.catalog.modules.iter().map(|module| &*module.name).collect();
    let message = format!("Invalid schema: {}", intent.profile.unwrap_or_default());
    Error::new(Code::SchemaUnknown, message)
        .hint(format!("Only the following schemas are exposed: {}", names.join(", ")))
}

/// The rows that a read or a representation may have at the most.
#[must_use]
pub fn row_cap(config: &Config, limit: Option<u64>) -> u64 {
    limit.map_or(config.max_rows, |limit| limit.min(config.max_rows))
}
