//! Values of a row as SQLite text: columns, JSON paths, aggregates, and rows of other tables as
//! JSON. The `mainstay_…` functions are registered by `sqlite::functions`.

use mainstay_schema::{Type, Value};

use super::Text;
use super::sqlite::{group_clause, limit_clause, order_clause};
use super::sqlite_condition::and;
use super::sqlite_scope::{Scope, from, linked};
use crate::query::{Aggregate, Embed, EmbedForm, Expr, Select, Step};

/// The select list.
pub(super) fn outputs(text: &mut Text, scope: &Scope<'_>, outputs: &[Expr]) {
    if outputs.is_empty() {
        text.push("1");
    }
    text.list(outputs, ", ", |text, output| expression(text, scope, output));
}

pub(super) fn expression(text: &mut Text, scope: &Scope<'_>, expr: &Expr) {
    match expr {
        Expr::Column(at) => scope.column(text, *at),
        Expr::Path { column, path, as_text } => {
            text.push(if *as_text { "mainstay_json_text(" } else { "mainstay_json_get(" });
            scope.column(text, *column);
            for step in path {
                text.push(", ").fixed(match step {
                    Step::Key(key) => Value::Text(key.clone()),
                    Step::At(at) => Value::Int(*at),
                });
            }
            text.push(")");
        }
        Expr::Joined(at, expr) => joined(text, scope, *at, expr),
        Expr::Cast { expr, to } => {
            let from = expr.ty(scope.table, scope.joins);
            text.push("mainstay_cast(").fixed(Value::Text(from.to_string())).push(", ");
            text.fixed(Value::Text(to.to_string())).push(", ");
            expression(text, scope, expr);
            text.push(")");
        }
        Expr::Aggregate { function, of } => aggregate(text, scope, *function, of.as_deref()),
        Expr::Embed(embed) => self::embed(text, scope, embed),
    }
}

/// Something of the row that a join puts beside. Where there is no such row there is nothing, not
/// even an empty list.
fn joined(text: &mut Text, scope: &Scope<'_>, at: usize, expr: &Expr) {
    let row = scope.joined(at);
    // What is counted up is there even if there is nothing to count.
    let always = |embed: &Embed| embed.form != EmbedForm::One || embed.select.group.is_some();
    let lists = matches!(expr, Expr::Embed(embed) if always(embed));
    match scope.joins[at].link.pairs.first().filter(|_| lists) {
        None => expression(text, &row, expr),
        Some((_, linked)) => {
            text.push("CASE WHEN ");
            row.column(text, *linked);
            text.push(" IS NOT NULL THEN ");
            expression(text, &row, expr);
            text.push(" END");
        }
    }
}

/// An expression with the collation by which its type compares.
pub(super) fn comparable(text: &mut Text, scope: &Scope<'_>, expr: &Expr) {
    expression(text, scope, expr);
    let ty = expr.ty(scope.table, scope.joins);
    // Our own tables carry the collation of decimals in their definition.
    let carried = matches!((expr, &ty), (Expr::Column(_), Type::Numeric(_)));
    if !(carried && scope.carries_collation()) {
        text.push(collation(&ty));
    }
}

/// What compares the values of a type by what they are worth.
pub(super) fn collation(ty: &Type) -> &'static str {
    match ty {
        Type::Json => " COLLATE mainstay_json",
        Type::Array(_) => " COLLATE mainstay_array",
        Type::Numeric(_) if !ty.is_short_numeric() => " COLLATE mainstay_numeric",
        _ => "",
    }
}

fn aggregate(text: &mut Text, scope: &Scope<'_>, function: Aggregate, of: Option<&Expr>) {
    let Some(of) = of else {
        text.push("count(*)");
        return;
    };
    let ty = of.ty(scope.table, scope.joins);
    let exact = kind(&ty).filter(|_| matches!(function, Aggregate::Sum | Aggregate::Avg));
    text.push(match (function, &exact) {
        (Aggregate::Count, _) => "count(",
        (Aggregate::Sum, Some(_)) => "mainstay_sum(",
        (Aggregate::Avg, Some(_)) => "mainstay_avg(",
        (Aggregate::Sum, None) => "sum(",
        (Aggregate::Avg, None) => "avg(",
        (Aggregate::Min, _) => "min(",
        (Aggregate::Max, _) => "max(",
    });
    if let Some(kind) = exact {
        text.fixed(Value::Text(kind)).push(", ");
    }
    comparable(text, scope, of);
    text.push(")");
}

/// How the exact aggregates are to read their values; none for binary floating point.
fn kind(ty: &Type) -> Option<String> {
    match ty {
        Type::SmallInt | Type::Integer => Some("integer".to_owned()),
        Type::BigInt => Some("bigint".to_owned()),
        Type::Numeric(Some(scale)) if ty.is_short_numeric() => {
            Some(format!("numeric:{}", scale.scale))
        }
        Type::Numeric(_) => Some("numeric".to_owned()),
        _ => None,
    }
}

/// Linked rows as one value. Rows that are grouped, ordered or cut are made by a select of their
/// own, whose columns the row function takes.
fn embed(text: &mut Text, here: &Scope<'_>, embed: &Embed) {
    let row = |text: &mut Text| {
        text.fixed(Value::Text(embed.row.clone()));
    };
    let select = &embed.select;
    let direct = matches!(embed.form, EmbedForm::One | EmbedForm::Value) && select.group.is_none();
    text.push("(SELECT ");
    if direct {
        let scope = Scope::open(text, select, true);
        match embed.form {
            EmbedForm::Value => outputs(text, &scope, &select.outputs),
            _ => {
                text.push("mainstay_row(");
                row(text);
                for output in &select.outputs {
                    text.push(", ");
                    expression(text, &scope, output);
                }
                text.push(")");
            }
        }
        linked(text, here, &scope, &embed.link, |text| from(text, &scope, select));
        and(text, &scope, &select.filter);
        text.push(" LIMIT 1)");
        return;
    }
    text.push(match embed.form {
        EmbedForm::One | EmbedForm::Value => "mainstay_row(",
        EmbedForm::Many => "mainstay_rows(",
        EmbedForm::List(_) => "mainstay_list(",
    });
    row(text);
    let shown = match embed.form {
        EmbedForm::List(at) => at..at + 1,
        _ => 0..select.outputs.len(),
    };
    for at in shown {
        text.push(&format!(", c{at}"));
    }
    text.push(") FROM (");
    nested(text, here, embed);
    text.push("))");
}

/// The rows of an embed, their values named `c0`, `c1` and so on.
fn nested(text: &mut Text, here: &Scope<'_>, embed: &Embed) {
    let select: &Select = &embed.select;
    let scope = Scope::open(text, select, true);
    text.push("SELECT ");
    if select.outputs.is_empty() {
        text.push("1");
    }
    text.list(select.outputs.iter().enumerate(), ", ", |text, (at, output)| {
        expression(text, &scope, output);
        text.push(&format!(" AS c{at}"));
    });
    linked(text, here, &scope, &embed.link, |text| from(text, &scope, select));
    and(text, &scope, &select.filter);
    group_clause(text, select);
    order_clause(text, &scope, select);
    limit_clause(text, select);
}
