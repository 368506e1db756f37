//! Conditions on a row as SQLite text. They are three-valued, as SQL's own.

use mainstay_schema::{Table, Type};

use super::sqlite_expr::{comparable, expression};
use super::sqlite_scope::{Scope, linked, source};
use super::{Text, sqlite_rule};
use crate::query::{Expr, Filter, Operand, Source, Test, Truth};

pub(super) fn where_clause(text: &mut Text, scope: &Scope<'_>, filter: &Filter) {
    if !filter.is_none() {
        text.push(" WHERE ");
        condition(text, scope, filter);
    }
}

/// One more condition behind others.
pub(super) fn and(text: &mut Text, scope: &Scope<'_>, filter: &Filter) {
    if !filter.is_none() {
        text.push(" AND ");
        condition(text, scope, filter);
    }
}

pub(super) fn condition(text: &mut Text, scope: &Scope<'_>, filter: &Filter) {
    match filter {
        Filter::All(parts) => group(text, scope, parts, " AND ", "1"),
        Filter::Any(parts) => group(text, scope, parts, " OR ", "0"),
        Filter::Not(inner) => {
            text.push("NOT (");
            condition(text, scope, inner);
            text.push(")");
        }
        Filter::Test(expr, test, operand) => {
            self::test(text, scope, expr, *test, |text| {
                text.bind(operand);
            });
        }
        Filter::Each { expr, test, list, all } => each(text, scope, expr, *test, list, *all),
        Filter::In(expr, list) => {
            comparable(text, scope, expr);
            text.push(" IN (SELECT ").push(element(&expr.ty(scope.table, scope.joins)));
            text.push(" FROM json_each(").bind(list).push("))");
        }
        Filter::Is(expr, truth) => {
            expression(text, scope, expr);
            text.push(match truth {
                Truth::Null | Truth::Unknown => " IS NULL",
                Truth::NotNull => " IS NOT NULL",
                Truth::True => " IS 1",
                Truth::False => " IS 0",
            });
        }
        Filter::Search(query) => search(text, scope, query),
        Filter::Exists { link, source: rows, filter } => {
            let row = Scope::alone(text, rows);
            text.push("EXISTS (SELECT 1 FROM ");
            linked(text, scope, &row, link, |text| source(text, rows, row.number()));
            and(text, &row, filter);
            text.push(")");
        }
        Filter::Through { view, pairs, filter } => through(text, scope, view, pairs, filter),
        Filter::Rule(ruled) => sqlite_rule::rule(text, Some(scope), ruled),
        Filter::Behind(ruled, filter) => {
            text.push("CASE WHEN ");
            sqlite_rule::rule(text, Some(scope), ruled);
            text.push(" THEN ");
            condition(text, scope, filter);
            text.push(" END");
        }
        Filter::Broken(ruled) => {
            text.push("(");
            sqlite_rule::rule(text, Some(scope), ruled);
            text.push(") IS NOT 1");
        }
    }
}

/// The value of a JSON element as it is stored: JSON has no bytes, so the list holds hex digits.
fn element(ty: &Type) -> &'static str {
    match ty {
        Type::Bytes => "unhex(value)",
        _ => "value",
    }
}

fn test(
    text: &mut Text,
    scope: &Scope<'_>,
    expr: &Expr,
    test: Test,
    operand: impl FnOnce(&mut Text),
) {
    if let Some(operator) = operator(test) {
        comparable(text, scope, expr);
        text.push(operator);
        operand(text);
        return;
    }
    let kind = match expr.ty(scope.table, scope.joins) {
        Type::Json => "'json', ",
        _ => "'array', ",
    };
    // The value that stays the same for all rows stands first where the function keeps it.
    let (function, kind, value_first) = match test {
        Test::Like { fold_case: false } => ("mainstay_like(", "", true),
        Test::Like { fold_case: true } => ("mainstay_ilike(", "", true),
        Test::Regex { fold_case: false } => ("mainstay_match(", "", true),
        Test::Regex { fold_case: true } => ("mainstay_imatch(", "", true),
        Test::Contained => ("mainstay_contains(", kind, true),
        Test::Overlaps => ("mainstay_overlaps(", "", false),
        _ => ("mainstay_contains(", kind, false),
    };
    text.push(function).push(kind);
    if value_first {
        operand(text);
        text.push(", ");
        expression(text, scope, expr);
    } else {
        expression(text, scope, expr);
        text.push(", ");
        operand(text);
    }
    text.push(")");
}

fn operator(test: Test) -> Option<&'static str> {
    Some(match test {
        Test::Eq => " = ",
        Test::Neq => " <> ",
        Test::Gt => " > ",
        Test::Gte => " >= ",
        Test::Lt => " < ",
        Test::Lte => " <= ",
        Test::IsDistinct => " IS NOT ",
        _ => return None,
    })
}

/// `any` is true when one test is, `all` false when one is; otherwise a null decides.
fn each(text: &mut Text, scope: &Scope<'_>, expr: &Expr, test: Test, list: &Operand, all: bool) {
    let scope = &scope.qualified();
    let value = element(&expr.ty(scope.table, scope.joins));
    let exists = |text: &mut Text, before: &str, after: &str| {
        text.push("EXISTS (SELECT 1 FROM json_each(").bind(list).push(") WHERE ").push(before);
        self::test(text, scope, expr, test, |text| {
            text.push(value);
        });
        text.push(after).push(")");
    };
    text.push("CASE WHEN ");
    exists(text, if all { "NOT (" } else { "(" }, ")");
    text.push(if all { " THEN 0 WHEN " } else { " THEN 1 WHEN " });
    exists(text, "(", ") IS NULL");
    text.push(if all { " THEN NULL ELSE 1 END" } else { " THEN NULL ELSE 0 END" });
}

fn group(text: &mut Text, scope: &Scope<'_>, parts: &[Filter], joint: &str, empty: &str) {
    match parts {
        [] => {
            text.push(empty);
        }
        [one] => condition(text, scope, one),
        many => {
            text.push("(").list(many, joint, |text, part| condition(text, scope, part)).push(")");
        }
    }
}

/// The row's key is one that the view shows.
fn through(
    text: &mut Text,
    scope: &Scope<'_>,
    view: &Source,
    pairs: &[(usize, usize)],
    filter: &Filter,
) {
    let row = Scope::alone(text, view);
    let key: Vec<usize> = pairs.iter().map(|(own, _)| *own).collect();
    columns(text, scope, &key);
    text.push(" IN (SELECT ").list(pairs, ", ", |text, (_, at)| row.column(text, *at));
    text.push(" FROM ");
    source(text, view, row.number());
    where_clause(text, &row, filter);
    text.push(")");
}

/// The words of the row match: its key is among those that the index finds.
fn search(text: &mut Text, scope: &Scope<'_>, query: &Operand) {
    let table: &Table = scope.table;
    let (index, rows) = (format!("{}_search", table.name), format!("{}_search_rows", table.name));
    let key = &table.primary_key.columns;
    text.push("(");
    columns(text, scope, key);
    text.push(" IN (SELECT ").list(key, ", ", |text, at| {
        text.column(table, *at);
    });
    text.push(" FROM ").name(&rows).push(" WHERE rowid IN (SELECT rowid FROM ").name(&index);
    text.push(" WHERE ").name(&index).push(" MATCH (").bind(query).push(" ->> 0)))) <> (");
    text.bind(query).push(" ->> 1)");
}

/// `a`, or `(a, b)`.
fn columns(text: &mut Text, scope: &Scope<'_>, columns: &[usize]) {
    text.push("(").list(columns, ", ", |text, at| scope.column(text, *at)).push(")");
}
