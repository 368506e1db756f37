//! Views: made one after the other, whatever order they are declared in, for one may read another.
//! Each becomes a table to ask, and where it is one plain look at one table, to write through.

use std::sync::Arc;

use mainstay_base::Result;
use mainstay_schema::model::{CompiledView, Module, Origin, View};
use mainstay_schema::sql::symbols;
use mainstay_schema::{Column, Table};
use rusqlite::Connection;

use super::columns::{self, Nature, Shown};
use super::watch::{Seen, watched};
use super::{Fault, NOT_FOR_SQLITE, Natures, said};
use crate::sql::sqlite_view;

/// Words of a query whose rows are not simply rows of a table.
const NOT_PLAIN: [&str; 18] = [
    "join",
    "distinct",
    "group",
    "having",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "with",
    "over",
    "window",
    "values",
    "filter",
    "fetch",
    "recursive",
    "left",
    "natural",
];

/// Functions that make one row of many.
const AGGREGATES: [&str; 14] = [
    "avg",
    "count",
    "max",
    "min",
    "sum",
    "total",
    "group_concat",
    "string_agg",
    "median",
    "json_group_array",
    "json_group_object",
    "jsonb_group_array",
    "jsonb_group_object",
    "percentile",
];

/// Compiles all views of the module. Returns what is to be known of them by those who read them.
pub(super) fn compile(
    connection: &mut Connection,
    module: &mut Module,
    faults: &mut Vec<Fault>,
) -> Result<Natures> {
    let mut natures = Natures::new();
    let mut waiting: Vec<usize> = (0..module.views.len()).collect();
    loop {
        let (before, mut failed) = (waiting.len(), Vec::new());
        let mut still = Vec::new();
        for at in waiting {
            match made(connection, module, at, &natures)? {
                Ok((nature, compiled)) => {
                    natures.insert(module.views[at].name.clone(), nature);
                    match compiled {
                        Ok(compiled) => module.views[at].compiled = Some(compiled),
                        Err(found) => faults.extend(found),
                    }
                }
                Err(why) => {
                    failed.push(Fault::new(&module.views[at].name, why));
                    still.push(at);
                }
            }
        }
        if still.len() == before || still.is_empty() {
            faults.extend(failed);
            return Ok(natures);
        }
        waiting = still;
    }
}

type Compiled = Result<CompiledView, Vec<Fault>>;

/// Makes the view on the connection. An error may be that it reads a view that is not there yet.
fn made(
    connection: &mut Connection,
    module: &Module,
    at: usize,
    natures: &Natures,
) -> Result<Result<(Nature, Compiled), String>> {
    let view = &module.views[at];
    if sqlite_view::text(&view.sql).is_none() {
        return Ok(Err(NOT_FOR_SQLITE.to_owned()));
    }
    let Some(query) = sqlite_view::query(view) else {
        let why = "a view is one statement that does not know who asks; `auth_uid()` and the \
                   like are for functions";
        return Ok(Err(why.to_owned()));
    };
    let (prepared, seen) = watched(connection, |connection| {
        let statement = connection.prepare(&query).map_err(|error| said(&error))?;
        let names = statement.column_names().map(str::to_owned);
        Ok((statement.readonly(), statement.parameter_count(), names.collect::<Vec<String>>()))
    })?;
    let names = match prepared {
        Err(why) => return Ok(Err(why)),
        Ok((false, ..)) => return Ok(Err("a view only reads".to_owned())),
        Ok((_, 1.., _)) => return Ok(Err("a view has no parameters".to_owned())),
        Ok((.., names)) => names,
    };
    if let Err(error) = connection.execute_batch(&sqlite_view::create(&view.name, &query)) {
        return Ok(Err(said(&error)));
    }
    let symbols = symbols(&query);
    let nature = Nature::of(&symbols, &seen, natures);
    if let Some(why) = columns::wrong_names(names.iter().map(String::as_str)) {
        return Ok(Ok((nature, Err(vec![Fault::new(&view.name, why)]))));
    }
    let shown = match connection.prepare(&sqlite_view::whole(&view.name)) {
        Ok(statement) => columns::shown(&statement, module, nature),
        Err(error) => return Ok(Err(said(&error))),
    };
    let compiled = typed(module, view, &shown, nature).map(|table| {
        let origins: Vec<Option<Origin>> = shown
            .iter()
            .zip(&table.columns)
            .map(|(shown, column)| origin(module, shown, column))
            .collect();
        let base = is_plain(&symbols, &seen).then(|| base(module, &origins)).flatten();
        let tables = module.tables.iter().enumerate();
        let reads = tables.filter(|(_, table)| seen.reads(&table.name)).map(|(at, _)| at).collect();
        CompiledView { table, origins, base, reads }
    });
    Ok(Ok((nature, compiled)))
}

/// The column of a table that is shown unchanged: one whose type was declared anew is not.
fn origin(module: &Module, shown: &Shown, column: &Column) -> Option<Origin> {
    let same = |at: &Origin| module.tables[at.table].columns[at.column].ty == column.ty;
    shown.origin.filter(same)
}

/// The view as a table, when every column has a type and every declared type a column.
fn typed(
    module: &Module,
    view: &View,
    shown: &[Shown],
    nature: Nature,
) -> Result<Arc<Table>, Vec<Fault>> {
    let mut faults = Vec::new();
    for (name, _) in &view.types {
        if !shown.iter().any(|shown| shown.name == *name) {
            let names: Vec<&str> = shown.iter().map(|shown| shown.name.as_str()).collect();
            let why = format!("`columns.{name}` is no column of it; it has {}", names.join(", "));
            faults.push(Fault::new(&view.name, why));
        }
    }
    let mut made = Vec::with_capacity(shown.len());
    for column in shown {
        let declared = view.types.iter().find(|(name, _)| *name == column.name);
        match columns::column(module, column, declared.map(|(_, ty)| ty), nature) {
            Some(column) => made.push(column),
            None => faults.push(untyped(view, &column.name)),
        }
    }
    match faults.is_empty() {
        true => Ok(columns::table(&view.name, view.doc.as_ref(), made, view.allow.clone())),
        false => Err(faults),
    }
}

fn untyped(view: &View, column: &str) -> Fault {
    let plain = column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let key = if plain { column.to_owned() } else { format!("{column:?}") };
    let why = format!(
        "column `{column}` is computed, so its type must be said: `columns.{key} = \"TYPE\"`"
    );
    Fault { untyped: Some(column.to_owned()), ..Fault::new(&view.name, why) }
}

/// The query is one `select` from one table, whose rows it shows one by one. Judged so that what
/// is in doubt is not plain.
fn is_plain(symbols: &[String], seen: &Seen) -> bool {
    let count = |word: &str| symbols.iter().filter(|symbol| *symbol == word).count();
    let from = symbols.iter().position(|symbol| symbol == "from").unwrap_or(symbols.len());
    let source = symbols.iter().skip(from).take_while(|s| *s != "where" && *s != "order");
    let one_source = !source.into_iter().any(|symbol| [",", "("].contains(&symbol.as_str()));
    symbols.first().is_some_and(|first| first == "select")
        && count("select") == 1
        && count("from") == 1
        && one_source
        && !symbols.iter().any(|symbol| NOT_PLAIN.contains(&symbol.as_str()))
        && !seen.functions.iter().any(|name| AGGREGATES.contains(&name.as_str()))
        && seen.through.is_empty()
        && seen.read.len() == 1
}

/// The one table behind the columns, when a row of it can be told from the others by them.
fn base(module: &Module, origins: &[Option<Origin>]) -> Option<usize> {
    let shown: Vec<Origin> = origins.iter().flatten().copied().collect();
    let table = shown.first()?.table;
    let key = &module.tables[table].primary_key.columns;
    let once = |origin: &Origin| shown.iter().filter(|other| *other == origin).count() == 1;
    let whole = key.iter().all(|at| shown.iter().any(|origin| origin.column == *at));
    let fits = !key.is_empty()
        && whole
        && shown.iter().all(|origin| origin.table == table && once(origin));
    fits.then_some(table)
}
