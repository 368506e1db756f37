//! From an intent to a plan: names are looked up, values are read as their column's type, and the
//! shape of the request is turned into statements once and remembered. Pure but for the clock.

pub mod arguments;
pub mod body;
pub mod call;
pub mod change;
mod conditions;
pub mod fill;
pub mod guard;
pub mod index;
pub mod input;
pub mod insert;
pub mod judge;
pub mod level;
pub mod made;
pub mod put;
pub mod read;
pub mod relations;
mod reread;
pub mod resolve;
pub mod rows;
pub mod rulings;
pub mod shape;
pub mod through;
pub mod viewer;

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Closed;
use mainstay_schema::{Module, Table};
use mainstay_store::query::{Rows, Select, Source};
use mainstay_store::{Statement, sql};

use crate::Config;
use crate::parse::{Intent, Resource};

use relations::Relation;
use viewer::Viewer;

pub use index::Index;
pub use input::Input;
pub use level::Level;
pub use mainstay_store::shown::Shown as Output;
pub use through::Written;

/// The table or view that an intent addresses, as one caller may see it.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    pub module_at: usize,
    pub table_at: usize,
    pub module: &'a Arc<Module>,
    /// The name by which it was addressed.
    pub name: &'a str,
    pub table: &'a Arc<Table>,
    pub index: &'a index::TableIndex,
    /// The ways from it to others.
    pub relations: &'a [Relation],
    /// What stands behind its columns.
    pub rows: Rows,
    /// Columns that are closed to the caller.
    pub closed: Arc<Closed>,
}

impl<'a> Target<'a> {
    /// As one caller may see it.
    #[must_use]
    pub fn seen_by(self, closed: Arc<Closed>) -> Self {
        Self { closed, ..self }
    }

    /// Where its rows come from.
    #[must_use]
    pub fn source(&self) -> Source {
        Source { table: Arc::clone(self.table), rows: self.rows.clone() }
    }

    /// The position of a column that exists for the caller.
    #[must_use]
    pub fn visible(&self, name: &str) -> Option<usize> {
        self.index.columns.get(name).copied().filter(|at| !self.closed.read.contains(at))
    }

    /// The position of a column that a body may name: one that the caller can neither read nor
    /// write does not exist for it.
    #[must_use]
    pub fn writable(&self, name: &str) -> Option<usize> {
        let Closed { read, create, update, .. } = self.closed.as_ref();
        let hidden = |at: &usize| read.contains(at) && create.contains(at) && update.contains(at);
        self.index.columns.get(name).copied().filter(|at| !hidden(at))
    }

    /// The names that may be shown to the caller.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let columns = self.index.columns.iter();
        columns.filter(|(_, at)| !self.closed.read.contains(at)).map(|(name, _)| name.as_str())
    }
}

/// What is remembered of a shape: everything about a request but its values.
#[derive(Debug)]
pub struct Prepared {
    pub statement: Arc<Statement>,
    pub count: Option<Arc<Statement>>,
    pub outputs: Arc<[Output]>,
    /// How the value at each place is to be read.
    pub inputs: Vec<Option<Input>>,
    /// At most one row can come back, found by a unique key.
    pub keyed: bool,
    /// Places of the outputs among the values of a new row, where they are all known.
    pub echo: Option<Arc<[Option<usize>]>>,
}

impl Prepared {
    /// A statement that shows nothing.
    #[must_use]
    pub fn statement(statement: Statement) -> Self {
        Self {
            statement: Arc::new(statement),
            count: None,
            outputs: Arc::default(),
            inputs: Vec::new(),
            keyed: false,
            echo: None,
        }
    }

    /// A select without a count.
    #[must_use]
    pub fn select(select: &Select, outputs: Vec<Output>, inputs: Vec<Option<Input>>) -> Self {
        let outputs = outputs.into();
        Self {
            outputs,
            inputs,
            keyed: select.keyed,
            ..Self::statement(sql::sqlite::select(select))
        }
    }
}

/// Finds the table or view that the intent addresses.
///
/// # Errors
/// `PGRST106` for the module, `PGRST205` for the table.
pub fn target<'a>(viewer: &Viewer<'a>, intent: &Intent<'_>) -> Result<Target<'a>> {
    let module_at = module(viewer.index, intent)?;
    let name = match intent.resource {
        Resource::Table(name) | Resource::Function(name) => name,
        Resource::Root => "",
    };
    if let Some(at) = viewer.index.modules[module_at].sources.get(name).copied() {
        return Ok(viewer.target(module_at, at));
    }
    let module = &viewer.index.catalog.modules[module_at];
    let known = module.sources().enumerate();
    let known = known.filter(|(at, _)| viewer.sees(module_at, *at)).map(|(_, table)| &*table.name);
    let hint = index::nearest(name, known)
        .map(|near| format!("Perhaps you meant the table '{}.{near}'", module.name));
    let message = format!("Could not find the table '{}.{name}' in the schema cache", module.name);
    Err(Error::new(Code::TableUnknown, message).hint_if(hint))
}

/// The module that the intent's profile names.
///
/// # Errors
/// `PGRST106`
pub fn module(index: &Index, intent: &Intent<'_>) -> Result<usize> {
    index.module(intent.profile).ok_or_else(|| unknown_module(index, intent))
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
