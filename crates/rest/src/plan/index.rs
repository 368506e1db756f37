//! The catalog, arranged for looking things up by name on every request.

use std::sync::Arc;

use mainstay_base::Result;
use mainstay_gate::Closed;
use mainstay_schema::{Catalog, Table};
use rustc_hash::FxHashMap;

use super::Target;
use super::guard::Guard;

/// Positions by name, and the compiled bounds of each column.
#[derive(Debug)]
pub struct Index {
    pub catalog: Arc<Catalog>,
    pub modules: Vec<ModuleIndex>,
    by_name: FxHashMap<String, usize>,
    /// Nothing is closed to whoever has not been looked at yet.
    open: Closed,
}

#[derive(Debug)]
pub struct ModuleIndex {
    pub tables: FxHashMap<String, usize>,
    pub details: Vec<TableIndex>,
}

#[derive(Debug)]
pub struct TableIndex {
    pub columns: FxHashMap<String, usize>,
    pub guards: Vec<Guard>,
}

impl Index {
    /// # Errors
    /// When a declared bound or pattern cannot be compiled, which `schema` should have refused.
    pub fn new(catalog: Arc<Catalog>) -> Result<Self> {
        let modules = catalog
            .modules
            .iter()
            .map(|module| {
                let tables = module.tables.iter().enumerate();
                Ok(ModuleIndex {
                    tables: tables.map(|(at, table)| (table.name.clone(), at)).collect(),
                    details: module
                        .tables
                        .iter()
                        .map(|table| TableIndex::new(table))
                        .collect::<Result<_>>()?,
                })
            })
            .collect::<Result<_>>()?;
        let names = catalog.modules.iter().enumerate();
        let mut by_name: FxHashMap<String, usize> =
            names.map(|(at, module)| (module.name.clone(), at)).collect();
        by_name.entry("public".to_owned()).or_insert(catalog.default_module);
        Ok(Self { catalog, modules, by_name, open: Closed::default() })
    }

    /// The table at these positions.
    #[must_use]
    pub fn target(&self, module_at: usize, table_at: usize) -> Target<'_> {
        let module = &self.catalog.modules[module_at];
        let table = &module.tables[table_at];
        let index = &self.modules[module_at].details[table_at];
        Target { module_at, table_at, module, table, index, closed: &self.open }
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

impl TableIndex {
    fn new(table: &Table) -> Result<Self> {
        let columns = table.columns.iter().enumerate();
        Ok(Self {
            columns: columns.map(|(at, column)| (column.name.clone(), at)).collect(),
            guards: table.columns.iter().map(Guard::new).collect::<Result<_>>()?,
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
