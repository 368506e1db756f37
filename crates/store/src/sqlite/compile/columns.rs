//! The columns that a statement gives: where each comes from, and so what type it has. A column
//! that is computed has the type that is declared for it; without one it cannot be shown, for
//! SQLite keeps dates, decimals and texts alike.

use std::sync::Arc;

use mainstay_schema::model::{Allow, Module, Origin};
use mainstay_schema::{Column, Table, Type};
use rusqlite::Statement;

use super::Natures;
use super::watch::Seen;

/// One column of an answer.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub name: String,
    pub origin: Option<Origin>,
}

/// What a query does to the columns that it shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nature {
    /// A column may be NULL although its origin is not: an outer join, a subquery.
    pub loosens: bool,
    /// Several queries are put together, and SQLite tells the origin in the first of them only.
    pub compound: bool,
}

impl Nature {
    /// Judged from the words outside of quotes, and from the views that are read.
    pub fn of(symbols: &[String], seen: &Seen, natures: &Natures) -> Self {
        let has = |words: &[&str]| symbols.iter().any(|symbol| words.contains(&symbol.as_str()));
        let selects = symbols.iter().filter(|symbol| *symbol == "select").count();
        let mut nature = Self {
            loosens: selects > 1 || has(&["left", "right", "full", "outer"]),
            compound: has(&["union", "intersect", "except"]),
        };
        for view in seen.through.iter().filter_map(|view| natures.get(view)) {
            nature.loosens |= view.loosens;
            nature.compound |= view.compound;
        }
        nature
    }
}

/// The columns of a statement with their origins in the module.
pub(super) fn shown(statement: &Statement<'_>, module: &Module, nature: Nature) -> Vec<Shown> {
    let columns = statement.columns_with_metadata();
    let shown = columns.map(|column| {
        let table = column.table_name().filter(|_| !nature.compound).and_then(|name| {
            module.tables.iter().position(|table| table.name.eq_ignore_ascii_case(name))
        });
        let origin = table.zip(column.origin_name()).and_then(|(table, name)| {
            let column = module.tables[table].column(name)?;
            Some(Origin { table, column })
        });
        Shown { name: column.name().to_owned(), origin }
    });
    shown.collect()
}

/// Why these names cannot be those of an answer.
pub(super) fn wrong_names<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        if name.is_empty() {
            return Some("a column has an empty name: name it with `as`".to_owned());
        }
        let lower = name.to_lowercase();
        if seen.contains(&lower) {
            return Some(format!("two columns are called `{name}`: name one of them with `as`"));
        }
        seen.push(lower);
    }
    None
}

/// What a column of an answer is: as its origin, or of a type that was declared.
pub(super) fn column(
    module: &Module,
    shown: &Shown,
    declared: Option<&Type>,
    nature: Nature,
) -> Option<Column> {
    let origin = shown.origin.map(|at| &module.tables[at.table].columns[at.column]);
    let ty = declared.or(origin.map(|origin| &origin.ty))?.clone();
    Some(Column {
        doc: origin.and_then(|origin| origin.doc.clone()),
        null: origin.is_none_or(|origin| origin.null || nature.loosens),
        collation: origin.and_then(|origin| origin.collation.clone()),
        ..Column::bare(&shown.name, ty)
    })
}

/// An answer in the form of a table without a key.
pub(super) fn table(
    name: &str,
    doc: Option<&String>,
    columns: Vec<Column>,
    allow: Allow,
) -> Arc<Table> {
    Arc::new(Table { doc: doc.cloned(), allow, ..Table::bare(name, columns) })
}
