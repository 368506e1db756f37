//! The catalog, arranged for looking things up by name on every request.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mainstay_base::Result;
use mainstay_gate::Closed;
use mainstay_schema::model::{
    Argument, ColumnAllow, CompiledFunction, CompiledView, Function, FunctionResult, Key, Module,
    Origin,
};
use mainstay_schema::{Catalog, Column, Table, Type};
use mainstay_store::query::Rows;
use mainstay_store::{Statement, sql};
use rustc_hash::FxHashMap;

use super::Target;
use super::guard::Guard;
use super::relations::Relations;

/// Positions by name, and the compiled bounds of each column.
#[derive(Debug)]
pub struct Index {
    pub catalog: Arc<Catalog>,
    pub modules: Vec<ModuleIndex>,
    by_name: FxHashMap<String, usize>,
    /// Nothing is closed to whoever has not been looked at yet.
    open: Arc<Closed>,
}

/// Tables and views of a module, by their position among its sources.
#[derive(Debug)]
pub struct ModuleIndex {
    pub sources: FxHashMap<String, usize>,
    pub functions: FxHashMap<String, FunctionIndex>,
    tables: Vec<Arc<Table>>,
    details: Vec<TableIndex>,
    relations: Relations,
    /// By view: the table that it can be written through.
    through: Vec<Option<Through>>,
}

/// A function that can be called: its statements, and its result in the form of a table.
#[derive(Debug)]
pub struct FunctionIndex {
    /// Its position in the module.
    pub at: usize,
    pub arguments: Vec<Argument>,
    /// A call has taken longer than a worker may be held.
    pub slow: Arc<AtomicBool>,
    pub statements: Vec<Arc<Statement>>,
    pub table: Arc<Table>,
    pub index: TableIndex,
    /// Names of the result's columns.
    pub columns: Arc<[String]>,
    /// The table that its rows are whole rows of: they have its relations.
    pub origin: Option<usize>,
}

/// A table as it is written through a view.
#[derive(Debug)]
pub struct Through {
    /// The table's position among the module's sources.
    pub base: usize,
    /// The view's names for the table's columns.
    pub index: TableIndex,
    /// Columns of the table's key and where the view shows them.
    pub pairs: Vec<(usize, usize)>,
    /// By column of the view the table's column that it shows.
    pub columns: Vec<Option<usize>>,
}

#[derive(Debug)]
pub struct TableIndex {
    pub columns: FxHashMap<String, usize>,
    pub guards: Vec<Guard>,
    /// Some column has a rule of its own.
    pub ruled: bool,
}

impl Index {
    /// # Errors
    /// When a declared bound or pattern cannot be compiled, which `schema` should have refused.
    pub fn new(catalog: Arc<Catalog>) -> Result<Self> {
        let modules =
            catalog.modules.iter().map(|module| ModuleIndex::new(module)).collect::<Result<_>>()?;
        let names = catalog.modules.iter().enumerate();
        let mut by_name: FxHashMap<String, usize> =
            names.map(|(at, module)| (module.name.clone(), at)).collect();
        by_name.entry("public".to_owned()).or_insert(catalog.default_module);
        Ok(Self { catalog, modules, by_name, open: Arc::default() })
    }

    /// The table or view at these positions.
    #[must_use]
    pub fn target(&self, module_at: usize, table_at: usize) -> Target<'_> {
        let module = &self.catalog.modules[module_at];
        let inside = &self.modules[module_at];
        let stored = table_at < module.tables.len();
        Target {
            module_at,
            table_at,
            module,
            name: &inside.tables[table_at].name,
            table: &inside.tables[table_at],
            index: &inside.details[table_at],
            relations: inside.relations.of(table_at),
            rows: if stored { Rows::Stored } else { Rows::View },
            closed: Arc::clone(&self.open),
        }
    }

    /// The result of a function as something that can be read.
    #[must_use]
    pub fn result<'a>(&'a self, module_at: usize, function: &'a FunctionIndex) -> Target<'a> {
        let module = &self.catalog.modules[module_at];
        let relations = &self.modules[module_at].relations;
        Target {
            module_at,
            table_at: function.origin.unwrap_or(usize::MAX),
            module,
            name: &function.table.name,
            table: &function.table,
            index: &function.index,
            relations: function.origin.map_or(&[], |origin| relations.of(origin)),
            rows: Rows::View,
            closed: Arc::clone(&self.open),
        }
    }

    /// The table that a view can be written through.
    #[must_use]
    pub fn through(&self, module: usize, source: usize) -> Option<&Through> {
        let view = source.checked_sub(self.catalog.modules[module].tables.len())?;
        self.modules[module].through.get(view)?.as_ref()
    }

    /// The module that a profile names; without a name, the default one.
    #[must_use]
    pub fn module(&self, profile: Option<&str>) -> Option<usize> {
        match profile {
            None => Some(self.catalog.default_module),
            Some(name) => self.by_name.get(name).copied(),
        }
    }
}

impl ModuleIndex {
    fn new(module: &Module) -> Result<Self> {
        let views: Vec<&CompiledView> =
            module.views.iter().filter_map(|view| view.compiled.as_ref()).collect();
        let through: Vec<Option<Through>> =
            views.iter().map(|view| Through::new(module, view)).collect::<Result<_>>()?;
        let mut tables = module.tables.clone();
        for (view, through) in views.iter().zip(&through) {
            tables.push(match through {
                Some(through) => through.keyed(&view.table, module),
                None => Arc::clone(&view.table),
            });
        }
        let sources = tables.iter().enumerate();
        let mut functions = FxHashMap::default();
        for (at, function) in module.functions.iter().enumerate() {
            if let Some(compiled) = &function.compiled {
                let index = FunctionIndex::new(at, function, compiled)?;
                functions.insert(function.name.clone(), index);
            }
        }
        Ok(Self {
            sources: sources.map(|(at, table)| (table.name.clone(), at)).collect(),
            functions,
            details: tables.iter().map(|table| TableIndex::new(table)).collect::<Result<_>>()?,
            relations: Relations::new(module),
            tables,
            through,
        })
    }
}

impl FunctionIndex {
    fn new(at: usize, function: &Function, compiled: &CompiledFunction) -> Result<Self> {
        let (table, origin) = match &compiled.result {
            FunctionResult::Rows { table, origin, .. } => (Arc::clone(table), *origin),
            FunctionResult::Scalar { ty, .. } => {
                (Arc::new(alone(&function.name, Some(ty.clone()))), None)
            }
            FunctionResult::Void => (Arc::new(alone(&function.name, None)), None),
        };
        Ok(Self {
            at,
            arguments: function.args.clone(),
            slow: Arc::default(),
            statements: compiled
                .statements
                .iter()
                .map(|pieces| Arc::new(sql::sqlite::statement(pieces)))
                .collect(),
            index: TableIndex::new(&table)?,
            columns: table.columns.iter().map(|column| column.name.clone()).collect(),
            table,
            origin,
        })
    }
}

/// A result without columns, or with the one column that a single value makes.
fn alone(name: &str, ty: Option<Type>) -> Table {
    Table::bare(name, ty.map(|ty| Column::bare(name, ty)).into_iter().collect())
}

impl Through {
    fn new(module: &Module, view: &CompiledView) -> Result<Option<Self>> {
        let Some(base) = view.base else {
            return Ok(None);
        };
        let table = &module.tables[base];
        let mut index = TableIndex::new(table)?;
        index.columns.clear();
        for (column, origin) in view.table.columns.iter().zip(&view.origins) {
            if let Some(origin) = origin {
                index.columns.insert(column.name.clone(), origin.column);
            }
        }
        let place = |column: &usize| {
            let origin = Some(Origin { table: base, column: *column });
            view.origins.iter().position(|known| *known == origin).map(|at| (*column, at))
        };
        let pairs: Option<Vec<_>> = table.primary_key.columns.iter().map(place).collect();
        let columns =
            view.origins.iter().map(|origin| origin.map(|origin| origin.column)).collect();
        Ok(pairs.map(|pairs| Self { base, index, pairs, columns }))
    }

    /// The view with the key of its table: its rows are the table's.
    fn keyed(&self, view: &Table, module: &Module) -> Arc<Table> {
        let mut view = view.clone();
        view.primary_key = Key {
            name: module.tables[self.base].primary_key.name.clone(),
            columns: self.pairs.iter().map(|(_, at)| *at).collect(),
        };
        Arc::new(view)
    }
}

impl TableIndex {
    /// # Errors
    /// When a declared bound or pattern cannot be compiled.
    pub fn new(table: &Table) -> Result<Self> {
        let columns = table.columns.iter().enumerate();
        Ok(Self {
            columns: columns.map(|(at, column)| (column.name.clone(), at)).collect(),
            guards: table.columns.iter().map(Guard::new).collect::<Result<_>>()?,
            ruled: table.columns.iter().any(|column| column.allow != ColumnAllow::default()),
        })
    }
}

/// The known name that is most like `name`, if one is like it at all.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
