//! Whole tables that a rule makes the database read, and the indexes that would spare it.

use std::sync::Arc;

use mainstay_schema::Table;
use mainstay_schema::model::Module;
use mainstay_schema::rule::Residual;
use mainstay_schema::rule::tree::{At, Cond, Field, Term};

/// A warning for each table that is scanned for a rule.
pub(super) fn warnings(
    module: &Module,
    table: &Table,
    rows: &[Arc<Residual>],
    sql: &str,
    plan: &[String],
) -> Vec<String> {
    let mut found = Vec::new();
    for line in plan {
        let Some(scanned) = line.trim_start().strip_prefix("SCAN ") else { continue };
        let alias = scanned.split(' ').next().unwrap_or_default();
        let name = aliased(sql, alias).unwrap_or_else(|| alias.to_owned());
        let Some(declared) = module.tables.iter().find(|one| one.name == name) else { continue };
        let mut columns = Vec::new();
        for residual in rows {
            match alias == table.name || name == table.name && !asks(&residual.cond, &name) {
                true => wanted(&residual.cond, &|at| *at == At::Row, &mut columns),
                false => within(&residual.cond, &name, &mut columns),
            }
        }
        // Without a rule it is the request that asks for everything.
        if rows.is_empty() {
            continue;
        }
        let warning = format!("for this rule all of `{name}` is read");
        let warning = match columns.is_empty() || is_indexed(declared, &columns) {
            true => warning,
            false => {
                let list: Vec<String> = columns.iter().map(|name| format!("{name:?}")).collect();
                let list = list.join(", ");
                format!("{warning}; an index would help: [tables.{name}] indexes = [[{list}]]")
            }
        };
        if !found.contains(&warning) {
            found.push(warning);
        }
    }
    found
}

/// The table behind an alias: `… "members" AS _mainstay_1 …`.
fn aliased(sql: &str, alias: &str) -> Option<String> {
    let (before, _) = sql.split_once(&format!("\" AS {alias} "))?;
    let start =
        before.rfind("FROM \"").map(|at| at + 6).max(before.rfind("JOIN \"").map(|at| at + 6))?;
    Some(before[start..].replace("\"\"", "\""))
}

/// Columns of one row that must be equal to something for the condition to hold.
fn wanted(cond: &Cond, is_own: &dyn Fn(&At) -> bool, columns: &mut Vec<String>) {
    let own = |term: &Term| match term {
        Term::Field(Field { at, name, .. }) if is_own(at) => Some(name.to_string()),
        _ => None,
    };
    let name = match cond {
        Cond::All(parts) => {
            parts.iter().for_each(|part| wanted(part, is_own, columns));
            None
        }
        Cond::Equal(left, right) => match (own(left), own(right)) {
            (Some(name), None) | (None, Some(name)) => Some(name),
            _ => None,
        },
        Cond::In(value, _) => own(value),
        _ => None,
    };
    columns.extend(name.filter(|name| !columns.contains(name)));
}

/// The same for rows of a table that the condition looks into.
fn within(cond: &Cond, table: &str, columns: &mut Vec<String>) {
    match cond {
        Cond::Rows { table: asked, level, body } => {
            if **asked == *table {
                wanted(body, &|at| *at == At::Var(*level), columns);
            }
            within(body, table, columns);
        }
        Cond::All(parts) | Cond::Any(parts) => {
            parts.iter().for_each(|part| within(part, table, columns));
        }
        Cond::Not(inner) | Cond::Items { body: inner, .. } => within(inner, table, columns),
        Cond::If(condition, yes, no) => {
            [condition, yes, no].iter().for_each(|part| within(part, table, columns));
        }
        _ => {}
    }
}

fn asks(cond: &Cond, table: &str) -> bool {
    match cond {
        Cond::Rows { table: asked, body, .. } => **asked == *table || asks(body, table),
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(|part| asks(part, table)),
        Cond::Not(inner) | Cond::Items { body: inner, .. } => asks(inner, table),
        Cond::If(condition, yes, no) => [condition, yes, no].iter().any(|part| asks(part, table)),
        _ => false,
    }
}

/// An index begins with one of the columns already.
fn is_indexed(table: &Table, columns: &[String]) -> bool {
    let leads =
        |at: Option<&usize>| at.is_some_and(|at| columns.contains(&table.columns[*at].name));
    leads(table.primary_key.columns.first())
        || table.uniques.iter().any(|unique| leads(unique.columns.first()))
        || table.indexes.iter().any(|index| {
            index.filter.is_none() && leads(index.columns.first().map(|part| &part.column))
        })
}
