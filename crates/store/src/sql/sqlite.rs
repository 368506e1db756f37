//! Reads as SQLite text: select lists, filters, order. Writes are in `sqlite_write`, tables in
//! `sqlite_ddl`; the `mainstay_…` functions are registered by `sqlite::functions`.

use mainstay_schema::{Table, Type, Value};

use super::Text;
use super::sqlite_ddl::clusters_by_key;
use crate::plan::Statement;
use crate::query::{Comparison, Count, Expr, Filter, Order, Select, Step, Truth};

/// `SELECT … FROM … WHERE … ORDER BY … LIMIT … OFFSET …`
#[must_use]
pub fn select(query: &Select) -> Statement {
    let mut text = Text::default();
    text.push("SELECT ");
    outputs(&mut text, &query.table, &query.outputs);
    text.push(" FROM ").name(&query.table.name);
    // Without a filter and an order a covering index must not decide the order of the rows:
    // applications lean on the order of insertion.
    if query.filter.is_none() && query.order.is_empty() {
        text.push(" NOT INDEXED");
    }
    where_clause(&mut text, &query.table, &query.filter);
    order_clause(&mut text, &query.table, &query.order);
    if query.order.is_empty() && !query.filter.is_none() && !query.keyed {
        natural_order(&mut text, &query.table);
    }
    if let Some((limit, offset)) = query.page {
        text.push(" LIMIT ").given(limit).push(" OFFSET ").given(offset);
    }
    text.finish()
}

/// `SELECT count(*) …`
#[must_use]
pub fn count(query: &Count) -> Statement {
    let mut text = Text::default();
    text.push("SELECT count(*) FROM ").name(&query.table.name);
    where_clause(&mut text, &query.table, &query.filter);
    text.finish()
}

/// Rows of a parent table that `child` still references, under a filter on the parent.
#[must_use]
pub fn referenced(
    parent: &Table,
    filter: &Filter,
    child: &Table,
    pairs: &[(usize, usize)],
) -> Statement {
    let mut text = Text::default();
    text.push("SELECT ").list(pairs, ", ", |text, (_, at)| {
        text.column(parent, *at);
    });
    text.push(" FROM ").name(&parent.name).push(" WHERE EXISTS (SELECT 1 FROM ");
    text.name(&child.name).push(" AS referencing WHERE ");
    text.list(pairs, " AND ", |text, (from, to)| {
        text.push("referencing.").column(child, *from).push(" = ");
        text.name(&parent.name).push(".").column(parent, *to);
    });
    text.push(")");
    if !filter.is_none() {
        text.push(" AND ");
        condition(&mut text, parent, filter);
    }
    text.push(" LIMIT 1");
    text.finish()
}

pub(super) fn outputs(text: &mut Text, table: &Table, outputs: &[Expr]) {
    if outputs.is_empty() {
        text.push("1");
    }
    text.list(outputs, ", ", |text, output| expression(text, table, output));
}

pub(super) fn where_clause(text: &mut Text, table: &Table, filter: &Filter) {
    if !filter.is_none() {
        text.push(" WHERE ");
        condition(text, table, filter);
    }
}

fn order_clause(text: &mut Text, table: &Table, order: &[Order]) {
    if order.is_empty() {
        return;
    }
    text.push(" ORDER BY ").list(order, ", ", |text, order| {
        comparable(text, table, &order.expr);
        text.push(if order.descending { " DESC" } else { " ASC" });
        // Where there are no nulls, naming their place would only keep an index from being used.
        if !matches!(order.expr, Expr::Column(at) if !table.columns[at].null && !table.adopted) {
            text.push(if order.nulls_first { " NULLS FIRST" } else { " NULLS LAST" });
        }
    });
}

/// The order of insertion. Without it an index that serves the filter would decide, and could tell
/// the order of a column that the caller may not see.
fn natural_order(text: &mut Text, table: &Table) {
    if clusters_by_key(table) {
        text.push(" ORDER BY ").list(&table.primary_key.columns, ", ", |text, at| {
            text.column(table, *at);
        });
        return;
    }
    let taken =
        |name: &str| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let number = ["rowid", "_rowid_", "oid"].into_iter().find(|name| !taken(name));
    // An adopted table may have no row numbers.
    if let Some(number) = number.filter(|_| !table.adopted) {
        text.push(" ORDER BY ").push(number);
    }
}

fn expression(text: &mut Text, table: &Table, expr: &Expr) {
    match expr {
        Expr::Column(at) => {
            text.column(table, *at);
        }
        Expr::Path { column, path, as_text } => {
            text.push(if *as_text { "mainstay_json_text(" } else { "mainstay_json_get(" });
            text.column(table, *column);
            for step in path {
                text.push(", ").fixed(match step {
                    Step::Key(key) => Value::Text(key.clone()),
                    Step::At(at) => Value::Int(*at),
                });
            }
            text.push(")");
        }
    }
}

/// An expression with the collation by which its type compares.
fn comparable(text: &mut Text, table: &Table, expr: &Expr) {
    expression(text, table, expr);
    let collation = match (expr, expr.ty(table)) {
        (_, Type::Json) => " COLLATE mainstay_json",
        // Our own tables carry it in their definition.
        (Expr::Column(_), Type::Numeric(None)) if table.adopted => " COLLATE mainstay_numeric",
        _ => "",
    };
    text.push(collation);
}

pub(super) fn condition(text: &mut Text, table: &Table, filter: &Filter) {
    match filter {
        Filter::All(parts) => group(text, table, parts, " AND ", "1"),
        Filter::Any(parts) => group(text, table, parts, " OR ", "0"),
        Filter::Not(inner) => {
            text.push("NOT (");
            condition(text, table, inner);
            text.push(")");
        }
        Filter::Compare(expr, comparison, operand) => {
            comparable(text, table, expr);
            text.push(operator(*comparison)).bind(operand);
        }
        Filter::In(expr, list) => {
            comparable(text, table, expr);
            match expr.ty(table) {
                // JSON has no bytes: the list holds hex digits.
                Type::Bytes => text.push(" IN (SELECT unhex(value) FROM json_each("),
                _ => text.push(" IN (SELECT value FROM json_each("),
            };
            text.bind(list).push("))");
        }
        Filter::Is(expr, truth) => {
            expression(text, table, expr);
            text.push(match truth {
                Truth::Null | Truth::Unknown => " IS NULL",
                Truth::NotNull => " IS NOT NULL",
                Truth::True => " IS 1",
                Truth::False => " IS 0",
            });
        }
        Filter::Like { expr, pattern, fold_case } => {
            let function = if *fold_case { "mainstay_ilike(" } else { "mainstay_like(" };
            matcher(text, table, function, expr, pattern);
        }
        Filter::Regex { expr, pattern, fold_case } => {
            let function = if *fold_case { "mainstay_imatch(" } else { "mainstay_match(" };
            matcher(text, table, function, expr, pattern);
        }
        Filter::Keys(keys) => key_list(text, table, keys),
    }
}

fn matcher(
    text: &mut Text,
    table: &Table,
    function: &str,
    expr: &Expr,
    pattern: &crate::query::Operand,
) {
    text.push(function).bind(pattern).push(", ");
    expression(text, table, expr);
    text.push(")");
}

fn group(text: &mut Text, table: &Table, parts: &[Filter], joint: &str, empty: &str) {
    match parts {
        [] => {
            text.push(empty);
        }
        [one] => condition(text, table, one),
        many => {
            text.push("(").list(many, joint, |text, part| condition(text, table, part)).push(")");
        }
    }
}

/// `(a, b) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`
fn key_list(text: &mut Text, table: &Table, keys: &crate::query::Operand) {
    let key = &table.primary_key.columns;
    text.push("(").list(key, ", ", |text, at| {
        text.column(table, *at);
    });
    text.push(") IN (SELECT ").list(0..key.len(), ", ", |text, at| {
        text.push(&format!("value ->> {at}"));
    });
    text.push(" FROM json_each(").bind(keys).push("))");
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => " = ",
        Comparison::Neq => " <> ",
        Comparison::Gt => " > ",
        Comparison::Gte => " >= ",
        Comparison::Lt => " < ",
        Comparison::Lte => " <= ",
        Comparison::IsDistinct => " IS NOT ",
    }
}
