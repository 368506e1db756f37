//! Reads as SQLite text: the select, its order and its page. Values stand in `sqlite_expr`,
//! conditions in `sqlite_condition`, names in `sqlite_scope`; writes in `sqlite_write`, tables in
//! `sqlite_ddl`.

use mainstay_schema::Table;
use mainstay_schema::model::Piece;

use super::sqlite_condition::{condition, where_clause};
use super::sqlite_ddl::clusters_by_key;
use super::sqlite_expr::{collation, comparable, outputs};
use super::sqlite_scope::{Scope, from_with, piece};
use super::{Text, sqlite_rule};
use crate::plan::Statement;
use crate::query::{Expr, Filter, Rows, Ruled, Select};

/// `SELECT … FROM … WHERE … GROUP BY … ORDER BY … LIMIT … OFFSET …`
#[must_use]
pub fn select(query: &Select) -> Statement {
    let mut text = Text { scans: !query.keyed && query.keys.is_none(), ..Text::default() };
    let scope = Scope::open(&mut text, query, false);
    text.push("SELECT ");
    outputs(&mut text, &scope, &query.outputs);
    // Without a filter and an order a covering index must not decide the order of the rows:
    // applications lean on the order of insertion.
    let stored = query.from.source.rows == Rows::Stored && query.keys.is_none();
    let scans = stored && query.group.is_none() && scans_by_itself(&scope, query);
    rows(&mut text, &scope, query, if scans { " NOT INDEXED" } else { "" });
    order_clause(&mut text, &scope, query);
    limit_clause(&mut text, query);
    text.finish()
}

/// `SELECT count(*) …`: of rows, or of groups.
#[must_use]
pub fn count(query: &Select) -> Statement {
    let mut text = Text { scans: !query.keyed, ..Text::default() };
    let scope = Scope::open(&mut text, query, false);
    match query.group {
        None => {
            text.push("SELECT count(*)");
            rows(&mut text, &scope, query, "");
        }
        Some(_) => {
            text.push("SELECT count(*) FROM (SELECT ");
            outputs(&mut text, &scope, &query.outputs);
            rows(&mut text, &scope, query, "");
            text.push(")");
        }
    }
    text.finish()
}

/// Whether there is any row: `SELECT 1 FROM … WHERE … LIMIT 1`.
#[must_use]
pub fn any(query: &Select) -> Statement {
    let mut text = Text::default();
    let scope = Scope::open(&mut text, query, false);
    text.push("SELECT 1");
    rows(&mut text, &scope, query, "");
    text.push(" LIMIT 1");
    text.finish()
}

/// Gives a row when a rule holds that looks at no row of a table of its own.
#[must_use]
pub fn holds(rule: &Ruled) -> Statement {
    let mut text = Text::default();
    text.push("SELECT 1 WHERE ");
    sqlite_rule::rule(&mut text, None, rule);
    text.finish()
}

/// A statement of a function: as it was written, its arguments bound.
#[must_use]
pub fn statement(pieces: &[Piece]) -> Statement {
    let mut text = Text::default();
    for part in pieces {
        piece(&mut text, part, 0);
    }
    text.finish()
}

/// `FROM … WHERE … GROUP BY …`
fn rows(text: &mut Text, scope: &Scope<'_>, query: &Select, hint: &str) {
    from_with(text, scope, query, hint);
    where_clause(text, scope, &query.filter);
    group_clause(text, query);
}

/// Rows are grouped by the outputs at these positions.
pub(super) fn group_clause(text: &mut Text, query: &Select) {
    if let Some(group) = query.group.as_ref().filter(|group| !group.is_empty()) {
        text.push(" GROUP BY ").list(group, ", ", |text, at| {
            let from = &query.from;
            let ty = query.outputs[*at].ty(&from.source.table, &from.joins);
            text.push(&(at + 1).to_string()).push(collation(&ty));
        });
    }
}

pub(super) fn limit_clause(text: &mut Text, query: &Select) {
    if let Some((limit, offset)) = query.page {
        text.push(" LIMIT ").given(limit).push(" OFFSET ").given(offset);
    }
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
        condition(&mut text, &Scope::of(parent), filter);
    }
    text.push(" LIMIT 1");
    text.finish()
}

/// The order asked for; without one, the order of insertion.
pub(super) fn order_clause(text: &mut Text, scope: &Scope<'_>, query: &Select) {
    if query.order.is_empty() {
        return natural_order(text, scope, query);
    }
    text.push(" ORDER BY ").list(&query.order, ", ", |text, order| {
        comparable(text, scope, &order.expr);
        text.push(if order.descending { " DESC" } else { " ASC" });
        // Where there are no nulls, naming their place would only keep an index from being used.
        let table = scope.table;
        if !matches!(order.expr, Expr::Column(at) if !table.columns[at].null && !table.adopted) {
            text.push(if order.nulls_first { " NULLS FIRST" } else { " NULLS LAST" });
        }
    });
}

/// The order of insertion. Without it an index that serves the filter would decide, and could tell
/// the order of a column that the caller may not see.
fn natural_order(text: &mut Text, scope: &Scope<'_>, query: &Select) {
    if query.keys.is_some() {
        text.push(" ORDER BY _mainstay_0.key");
        return;
    }
    let stored = query.from.source.rows == Rows::Stored;
    if !stored || query.keyed || query.group.is_some() || scans_by_itself(scope, query) {
        return;
    }
    let table = scope.table;
    if clusters_by_key(table) {
        text.push(" ORDER BY ").list(&table.primary_key.columns, ", ", |text, at| {
            scope.column(text, *at);
        });
        return;
    }
    let taken =
        |name: &str| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let number = ["rowid", "_rowid_", "oid"].into_iter().find(|name| !taken(name));
    // An adopted table may have no row numbers.
    if let Some(number) = number.filter(|_| !table.adopted) {
        text.push(" ORDER BY ");
        scope.hidden(text, number);
    }
}

/// A whole table is read in the order of insertion already, for no index is allowed to serve it.
/// Where rows live in the tree of their key, that does not keep other indexes out.
fn scans_by_itself(scope: &Scope<'_>, query: &Select) -> bool {
    let whole = query.filter.is_none() && query.order.is_empty();
    whole && scope.number().is_none() && !clusters_by_key(scope.table)
}
