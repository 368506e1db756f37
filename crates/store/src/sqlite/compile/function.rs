//! Functions: every statement compiled with its values as parameters, and what the last one gives
//! held against `returns`, or found out.

use std::sync::Arc;

use mainstay_base::Result;
use mainstay_schema::Type;
use mainstay_schema::model::{
    Allow, CompiledFunction, Function, FunctionResult, Module, Piece, Returns,
};
use mainstay_schema::sql::{pieces, symbols};
use rusqlite::Connection;

use super::columns::{self, Nature, Shown};
use super::watch::watched;
use super::{Fault, NOT_FOR_SQLITE, Natures, said};
use crate::sql::sqlite_view;

const ALLOWED: [&str; 6] = ["select", "with", "insert", "update", "delete", "values"];
const QUERIES: [&str; 3] = ["select", "with", "values"];

/// Compiles all functions of the module.
pub(super) fn compile(
    connection: &mut Connection,
    module: &mut Module,
    natures: &Natures,
    faults: &mut Vec<Fault>,
) -> Result<()> {
    for at in 0..module.functions.len() {
        match function(connection, module, &module.functions[at], natures)? {
            Ok(compiled) => module.functions[at].compiled = Some(compiled),
            Err(why) => faults.push(Fault::new(&module.functions[at].name, why)),
        }
    }
    Ok(())
}

/// What one statement of a function turned out to be.
struct Found {
    read_only: bool,
    query: bool,
    shown: Vec<Shown>,
    nature: Nature,
}

fn function(
    connection: &mut Connection,
    module: &Module,
    function: &Function,
    natures: &Natures,
) -> Result<Result<CompiledFunction, String>> {
    let Some(text) = sqlite_view::text(&function.sql) else {
        return Ok(Err(NOT_FOR_SQLITE.to_owned()));
    };
    let statements = pieces(text, &function.args);
    let mut read_only = true;
    let mut last = None;
    for pieces in &statements {
        match statement(connection, module, pieces, natures)? {
            Ok(found) => {
                read_only &= found.read_only;
                last = Some(found);
            }
            Err(why) => return Ok(Err(why)),
        }
    }
    let Some(last) = last else {
        return Ok(Err("it has no statement".to_owned()));
    };
    let query = last.query;
    let compiled = result(module, function, &last);
    Ok(compiled.map(|result| CompiledFunction { statements, read_only, query, result }))
}

fn statement(
    connection: &mut Connection,
    module: &Module,
    pieces: &[Piece],
    natures: &Natures,
) -> Result<Result<Found, String>> {
    let sql = sqlite_view::statement(pieces);
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(symbols(text)),
        Piece::Argument(_) | Piece::Caller(_) => None,
    });
    let symbols: Vec<String> = texts.flatten().collect();
    let first = symbols.first().map_or("", String::as_str);
    if !ALLOWED.contains(&first) {
        return Ok(Err(format!("a function reads and writes rows; `{first}` is not for it")));
    }
    let values = pieces.iter().filter(|piece| !matches!(piece, Piece::Text(_))).count();
    let (found, seen) = watched(connection, |connection| {
        let statement = connection.prepare(&sql).map_err(|error| said(&error))?;
        if statement.parameter_count() != values || symbols.iter().any(|symbol| symbol == "?") {
            return Err("a value is written as `:name` of an argument".to_owned());
        }
        let shown = columns::shown(&statement, module, Nature::default());
        Ok((statement.readonly(), shown))
    })?;
    Ok(found.map(|(read_only, mut shown)| {
        let nature = Nature::of(&symbols, &seen, natures);
        if nature.compound {
            shown.iter_mut().for_each(|shown| shown.origin = None);
        }
        Found { read_only, query: read_only && QUERIES.contains(&first), shown, nature }
    }))
}

fn result(module: &Module, function: &Function, last: &Found) -> Result<FunctionResult, String> {
    let shown = &last.shown;
    match &function.returns {
        Some(Returns::Void) => Ok(FunctionResult::Void),
        Some(Returns::Scalar { ty, set }) => match shown.len() {
            1 => Ok(FunctionResult::Scalar { ty: ty.clone(), set: *set }),
            0 => Err(format!("`returns` says `{ty}`, and the last statement gives nothing")),
            many => Err(format!(
                "`returns` says one `{ty}`, and the last statement gives {many} columns"
            )),
        },
        Some(Returns::Table { table, set }) => {
            let table_of = &module.tables[*table];
            let names: Vec<&str> =
                table_of.columns.iter().map(|column| column.name.as_str()).collect();
            same_names(&names, shown, &format!("rows of `{}`", table_of.name))?;
            let (origin, table) = (Some(*table), Arc::clone(table_of));
            Ok(FunctionResult::Rows { table, origin, set: *set })
        }
        Some(Returns::Columns { columns, set }) => {
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            same_names(&names, shown, "columns")?;
            rows(module, function, last, columns, *set)
        }
        None if shown.is_empty() => Ok(FunctionResult::Void),
        None => match whole_rows(module, shown) {
            Some(at) => {
                let table = Arc::clone(&module.tables[at]);
                Ok(FunctionResult::Rows { table, origin: Some(at), set: true })
            }
            None => rows(module, function, last, &[], true),
        },
    }
}

/// Answers are matched with what is declared by name, so a slip cannot swap two columns.
fn same_names(declared: &[&str], shown: &[Shown], what: &str) -> Result<(), String> {
    let given: Vec<&str> = shown.iter().map(|shown| shown.name.as_str()).collect();
    if let Some(why) = columns::wrong_names(given.iter().copied()) {
        return Err(why);
    }
    let missing = declared.iter().find(|name| !given.contains(name));
    if missing.is_none() && declared.len() == given.len() {
        return Ok(());
    }
    let given = if given.is_empty() { "nothing".to_owned() } else { given.join(", ") };
    Err(format!(
        "`returns` says {what} ({}), and the last statement gives {given}",
        declared.join(", ")
    ))
}

/// The table that the columns are all of, under their own names.
fn whole_rows(module: &Module, shown: &[Shown]) -> Option<usize> {
    let at = shown.first()?.origin?.table;
    let table = &module.tables[at];
    let own = |shown: &Shown| {
        shown.origin.is_some_and(|origin| {
            origin.table == at && table.columns[origin.column].name == shown.name
        })
    };
    let once = columns::wrong_names(shown.iter().map(|shown| shown.name.as_str())).is_none();
    (shown.len() == table.columns.len() && once && shown.iter().all(own)).then_some(at)
}

/// Rows of the function's own, in the order of the statement.
fn rows(
    module: &Module,
    function: &Function,
    last: &Found,
    declared: &[(String, Type)],
    set: bool,
) -> Result<FunctionResult, String> {
    if let Some(why) = columns::wrong_names(last.shown.iter().map(|shown| shown.name.as_str())) {
        return Err(why);
    }
    let mut made = Vec::with_capacity(last.shown.len());
    for shown in &last.shown {
        let ty = declared.iter().find(|(name, _)| *name == shown.name).map(|(_, ty)| ty);
        let mut column = columns::column(module, shown, ty, last.nature).ok_or_else(|| {
            format!(
                "column `{}` is computed, so its type must be said: declare `returns`",
                shown.name
            )
        })?;
        // A column that is shown unchanged is hidden from whom its table hides it.
        if let Some(origin) = shown.origin.filter(|_| !function.definer) {
            let shown = &module.tables[origin.table].columns[origin.column];
            column.allow.read.clone_from(&shown.allow.read);
        }
        made.push(column);
    }
    let table = columns::table(&function.name, function.doc.as_ref(), made, Allow::default());
    Ok(FunctionResult::Rows { table, origin: None, set })
}
