//! Brings an existing file to a changed declaration: additive steps are made, what could lose or
//! break rows is refused with all its reasons at once.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Table;
use mainstay_schema::change::{Change, Step, changes};
use mainstay_schema::model::Module;
use rusqlite::Connection;

use super::stored;
use crate::config::Changes;
use crate::sql::{quote, sqlite_ddl, sqlite_search};

/// Makes the steps from `old` to the module as declared. Returns what was done, in sentences.
pub(super) fn apply(
    connection: &Connection,
    module: &Module,
    old: &[Table],
    allowed: Changes,
) -> Result<Vec<String>> {
    let new: Vec<Table> = module.tables.iter().map(|table| table.as_ref().clone()).collect();
    let found = changes(old, &new);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    refuse(&found)?;
    let steps = found.iter().filter_map(|change| match change {
        Change::Safe(step) => Some(step),
        _ => None,
    });
    let mut done = Vec::new();
    for step in steps {
        let said = say(module, step);
        if allowed == Changes::Refuse {
            let message = format!("the declaration has a step that was not made yet: {said}");
            return Err(Error::new(Code::DatabaseUnavailable, message)
                .hint("Start once with --apply-changes to make additive steps in production."));
        }
        for sql in statements(module, step) {
            stored::run(connection, &sql)?;
        }
        done.push(said);
    }
    stored::write(connection, module, false)?;
    Ok(done)
}

fn refuse(found: &[Change]) -> Result<()> {
    let reasons: Vec<String> = found
        .iter()
        .filter_map(|change| match change {
            Change::Refused { table, what, reason } => {
                Some(format!("table {table}: {what} is refused: {reason}"))
            }
            _ => None,
        })
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    let message = "the declaration has changed in a way that could lose or break stored rows";
    Err(Error::new(Code::DatabaseUnavailable, message)
        .details(reasons.join("\n"))
        .hint("Undo these changes, or move the data folder away to start with an empty one."))
}

fn statements(module: &Module, step: &Step) -> Vec<String> {
    match step {
        Step::CreateTable { table } => sqlite_ddl::create(module, &module.tables[*table]),
        Step::AddColumn { table, column } => {
            vec![sqlite_ddl::add_column(module, &module.tables[*table], *column)]
        }
        Step::AddIndex { table, index } => {
            let table = &module.tables[*table];
            vec![sqlite_ddl::create_index(table, &table.indexes[*index])]
        }
        Step::MakeSearch { table } => {
            let table = &module.tables[*table];
            let made = sqlite_search::create(table).into_iter();
            made.chain(sqlite_search::fill(table)).collect()
        }
        Step::DropSearch { table } => sqlite_search::drop(table),
        Step::DropIndex { name, .. } => vec![format!("DROP INDEX {}", quote(name))],
    }
}

fn say(module: &Module, step: &Step) -> String {
    let name = |at: &usize| format!("{}.{}", module.name, module.tables[*at].name);
    match step {
        Step::CreateTable { table } => format!("made table {}", name(table)),
        Step::AddColumn { table, column } => {
            let column = &module.tables[*table].columns[*column].name;
            format!("added column {column} to {}", name(table))
        }
        Step::AddIndex { table, index } => {
            let index = &module.tables[*table].indexes[*index].name;
            format!("added index {index} to {}", name(table))
        }
        Step::MakeSearch { table } => format!("made the search of {}", name(table)),
        Step::DropSearch { table } => format!("dropped the search of {}.{table}", module.name),
        Step::DropIndex { table, name } => format!("dropped index {name} of {table}"),
    }
}
