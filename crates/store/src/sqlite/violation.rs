//! Constraint errors in PostgreSQL's words, with the names of the declaration. SQLite names the
//! columns of a unique violation and nothing of a foreign key's, so the rest is looked up, inside
//! the same transaction, where the statement has left no trace.

use std::sync::Arc;

use mainstay_base::{Code, Error};
use mainstay_schema::model::Module;
use mainstay_schema::sql::symbols;
use mainstay_schema::{Table, Value};
use rusqlite::ffi;

use super::failure::{Failure, extended};
use super::session::Session;
use crate::plan::{Referenced, Values, WritePlan};
use crate::sql::sqlite_write;

/// What the failing statement was about to write.
pub(super) enum Blame<'a> {
    /// A new row: columns and values.
    Row(Vec<(usize, &'a Value)>),
    /// Changed columns, and the queries that find what still references the rows.
    Change { set: Vec<(usize, &'a Value)>, referenced: &'a [Referenced] },
}

impl Blame<'_> {
    fn value(&self, column: usize) -> Option<&Value> {
        let (Self::Row(cells) | Self::Change { set: cells, .. }) = self;
        cells.iter().find(|(at, _)| *at == column).map(|(_, value)| *value)
    }
}

/// Words a failure. What is no constraint error passes through.
pub(super) fn explain(
    session: &Session<'_>,
    plan: &WritePlan,
    blame: Blame<'_>,
    failure: Failure,
) -> Failure {
    let Failure::Engine(error) = failure else {
        return failure;
    };
    if extended(&error) & 0xff != ffi::SQLITE_CONSTRAINT {
        return Failure::Engine(error);
    }
    let text = error.to_string();
    let named = text.split_once(": ").map_or("", |(_, named)| named);
    let table = &plan.table;
    let worded = match extended(&error) {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => unique(plan, &blame, named),
        ffi::SQLITE_CONSTRAINT_NOTNULL => match column(table, named) {
            Some(at) if plan.closed.contains(&at) => null_in_hidden(table),
            _ => not_null(table, named),
        },
        ffi::SQLITE_CONSTRAINT_CHECK if hides(plan, named) => {
            let message =
                format!("new row for relation \"{}\" violates a check constraint", table.name);
            Error::new(Code::CheckViolated, message)
        }
        ffi::SQLITE_CONSTRAINT_CHECK => check(table, named),
        ffi::SQLITE_CONSTRAINT_DATATYPE => {
            Error::new(Code::LiteralInvalid, "a value does not fit the type of its column")
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY | ffi::SQLITE_CONSTRAINT_TRIGGER => {
            match foreign_key(session, plan, &blame) {
                Ok(error) => error,
                Err(failure) => return failure,
            }
        }
        _ => return Failure::Engine(error),
    };
    Failure::Refused(worded)
}

/// Words a failure of a function's statement. Which row it was is not told: the function's text is
/// not the caller's.
pub(super) fn in_function(module: &Module, failure: Failure) -> Failure {
    let Failure::Engine(error) = failure else {
        return failure;
    };
    let code = extended(&error);
    if code & 0xff != ffi::SQLITE_CONSTRAINT {
        return Failure::Engine(error);
    }
    let text = error.to_string();
    let named = text.split_once(": ").map_or("", |(_, named)| named);
    let first = named.split(", ").next().unwrap_or_default();
    let of_column = |table: &&Arc<Table>| {
        first.strip_prefix(table.name.as_str()).is_some_and(|rest| rest.starts_with('.'))
    };
    let of_check = |table: &&Arc<Table>| table.checks.iter().any(|check| check.name == named);
    Failure::Refused(match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => {
            let table = module.tables.iter().find(of_column);
            let columns = table.and_then(|table| unique_columns(table, named));
            match (table, columns) {
                (Some(table), Some(columns)) => duplicate(constraint_name(table, &columns)),
                _ => duplicate(named.trim_start_matches("index ").trim_matches('\'')),
            }
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => match module.tables.iter().find(of_column) {
            Some(table) => not_null(table, named),
            None => null_in("", named),
        },
        ffi::SQLITE_CONSTRAINT_CHECK => match module.tables.iter().find(of_check) {
            Some(table) => check(table, named),
            None => Error::new(Code::CheckViolated, format!("check \"{named}\" is violated")),
        },
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY | ffi::SQLITE_CONSTRAINT_TRIGGER => {
            Error::new(Code::ForeignKeyViolated, "the function violates a foreign key constraint")
        }
        ffi::SQLITE_CONSTRAINT_DATATYPE => {
            Error::new(Code::LiteralInvalid, "a value does not fit the type of its column")
        }
        _ => return Failure::Engine(error),
    })
}

fn unique_columns(table: &Table, named: &str) -> Option<Vec<usize>> {
    named
        .split(", ")
        .map(|part| part.strip_prefix(table.name.as_str())?.strip_prefix('.'))
        .map(|column| table.column(column?))
        .collect()
}

/// `named` is `t.a, t.b`, or `index 'name'` for an index on expressions.
fn unique(plan: &WritePlan, blame: &Blame<'_>, named: &str) -> Error {
    let table = plan.table.as_ref();
    let Some(columns) = unique_columns(table, named) else {
        let name = named.trim_start_matches("index ").trim_matches('\'');
        return if plan.closed.is_empty() { duplicate(name) } else { duplicate_hidden() };
    };
    if !may_show(plan, &columns) {
        return duplicate_hidden();
    }
    let values: Option<Vec<String>> =
        columns.iter().map(|at| blame.value(*at).map(|value| shown(table, *at, value))).collect();
    let error = duplicate(constraint_name(table, &columns));
    match values {
        Some(values) => {
            let names = names(table, &columns);
            error.details(format!("Key ({names})=({}) already exists.", values.join(", ")))
        }
        _ => error,
    }
}

/// A key is taken by a row of which nothing more is told.
pub(super) fn taken(plan: &WritePlan, columns: &[usize]) -> Error {
    duplicate(constraint_name(&plan.table, columns))
}

/// The values of a column that is closed to the caller do not stand in an error either.
fn may_show(plan: &WritePlan, columns: &[usize]) -> bool {
    !columns.iter().any(|at| plan.closed.contains(at))
}

fn duplicate(constraint: &str) -> Error {
    let message = format!("duplicate key value violates unique constraint \"{constraint}\"");
    Error::new(Code::UniqueViolated, message)
}

/// The constraint is over a column that the caller may not see: not even its name is told.
fn duplicate_hidden() -> Error {
    Error::new(Code::UniqueViolated, "duplicate key value violates a unique constraint")
}

fn null_in_hidden(table: &Table) -> Error {
    let message = format!(
        "null value in a column of relation \"{}\" violates not-null constraint",
        table.name
    );
    Error::new(Code::NotNullViolated, message)
}

/// A check that looks at a column which the caller may not see.
fn hides(plan: &WritePlan, named: &str) -> bool {
    let table = plan.table.as_ref();
    let sql = table.checks.iter().find(|check| check.name == named).map(|check| &check.sql);
    let looked_at: Vec<String> = sql.map_or_else(Vec::new, |sql| symbols(sql));
    plan.closed.iter().any(|at| {
        let column = table.columns[*at].name.as_str();
        // Bounds of a column are checks that bear its name.
        named == format!("{}_{column}_check", table.name)
            || sql.is_some_and(|sql| sql.contains(&format!("\"{column}\"")))
            || looked_at.iter().any(|symbol| symbol.eq_ignore_ascii_case(column))
    })
}

fn constraint_name<'t>(table: &'t Table, columns: &[usize]) -> &'t str {
    let same = |other: &[usize]| {
        other.len() == columns.len() && other.iter().all(|at| columns.contains(at))
    };
    if same(&table.primary_key.columns) {
        return &table.primary_key.name;
    }
    let unique = table.uniques.iter().find(|unique| same(&unique.columns));
    let index = || {
        table.indexes.iter().find(|index| {
            index.unique && same(&index.columns.iter().map(|part| part.column).collect::<Vec<_>>())
        })
    };
    unique
        .map(|unique| unique.name.as_str())
        .or_else(|| index().map(|index| index.name.as_str()))
        .unwrap_or(&table.name)
}

fn not_null(table: &Table, named: &str) -> Error {
    let column = named.strip_prefix(table.name.as_str()).and_then(|rest| rest.strip_prefix('.'));
    null_in(&table.name, column.unwrap_or(named))
}

/// The position of `t.a`.
fn column(table: &Table, named: &str) -> Option<usize> {
    table.column(named.strip_prefix(table.name.as_str())?.strip_prefix('.')?)
}

/// `23502`, also raised before the database is asked.
#[must_use]
pub fn null_in(table: &str, column: &str) -> Error {
    let message = format!(
        "null value in column \"{column}\" of relation \"{table}\" violates not-null constraint"
    );
    Error::new(Code::NotNullViolated, message)
}

/// SQLite names a check without a name, which only an adopted table has, by its expression.
fn check(table: &Table, named: &str) -> Error {
    let unnamed = table.checks.iter().find(|check| check.sql == named);
    let named = unnamed.map_or(named, |check| check.name.as_str());
    let message =
        format!("new row for relation \"{}\" violates check constraint \"{named}\"", table.name);
    Error::new(Code::CheckViolated, message)
}

fn foreign_key(
    session: &Session<'_>,
    plan: &WritePlan,
    blame: &Blame<'_>,
) -> Result<Error, Failure> {
    if let Blame::Change { referenced, .. } = blame {
        for query in *referenced {
            if let Some(values) = session.first(&query.bound.statement, query.bound.values())? {
                return Ok(still_referenced(plan, query, &values));
            }
        }
    }
    for foreign_key in &plan.table.foreign_keys {
        let values: Option<Vec<&Value>> =
            foreign_key.columns.iter().map(|at| blame.value(*at)).collect();
        let Some(values) = values.filter(|values| !values.contains(&&Value::Null)) else {
            continue;
        };
        let parent = &plan.declared.tables[foreign_key.table];
        let probe = sqlite_write::probe(parent, &foreign_key.references);
        let bound: Vec<Value> = values.iter().map(|value| (*value).clone()).collect();
        if session.first(&probe, Values::given(&bound))?.is_some() {
            continue;
        }
        let texts: Vec<String> = foreign_key
            .columns
            .iter()
            .zip(&values)
            .map(|(at, value)| shown(&plan.table, *at, value))
            .collect();
        let message = format!(
            "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
            plan.table.name, foreign_key.name
        );
        if !may_show(plan, &foreign_key.columns) {
            let message =
                format!("insert or update on table \"{}\" violates a foreign key", plan.table.name);
            return Ok(Error::new(Code::ForeignKeyViolated, message));
        }
        if plan.unseen.contains(&foreign_key.table) {
            return Ok(Error::new(Code::ForeignKeyViolated, message));
        }
        return Ok(Error::new(Code::ForeignKeyViolated, message).details(format!(
            "Key ({})=({}) is not present in table \"{}\".",
            names(&plan.table, &foreign_key.columns),
            texts.join(", "),
            parent.name
        )));
    }
    Ok(unnamed(&plan.table))
}

fn still_referenced(plan: &WritePlan, query: &Referenced, values: &[Value]) -> Error {
    let table = plan.table.as_ref();
    if !query.told {
        let message =
            format!("update or delete on table \"{}\" violates a foreign key", table.name);
        return Error::new(Code::ForeignKeyViolated, message);
    }
    let message = format!(
        "update or delete on table \"{}\" violates foreign key constraint \"{}\" on table \"{}\"",
        table.name, query.constraint, query.child
    );
    if !may_show(plan, &query.columns) {
        return Error::new(Code::ForeignKeyViolated, message);
    }
    let texts: Vec<String> =
        query.columns.iter().zip(values).map(|(at, value)| shown(table, *at, value)).collect();
    Error::new(Code::ForeignKeyViolated, message).details(format!(
        "Key ({})=({}) is still referenced from table \"{}\".",
        names(table, &query.columns),
        texts.join(", "),
        query.child
    ))
}

/// A violation further down a cascade: which row it was cannot be told, nor in which table, which
/// the caller may not know.
fn unnamed(table: &Table) -> Error {
    let message =
        format!("the change to table \"{}\" violates a foreign key constraint", table.name);
    Error::new(Code::ForeignKeyViolated, message)
        .hint("A row further down a cascade is still referenced.")
}

fn names(table: &Table, columns: &[usize]) -> String {
    let names: Vec<&str> = columns.iter().map(|at| table.columns[*at].name.as_str()).collect();
    names.join(", ")
}

fn shown(table: &Table, at: usize, value: &Value) -> String {
    let mut text = Vec::new();
    match value {
        Value::Null => text.extend_from_slice(b"null"),
        value => table.columns[at].ty.write_text(value.as_stored(), &mut text),
    }
    String::from_utf8_lossy(&text).chars().take(200).collect()
}
