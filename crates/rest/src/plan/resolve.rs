//! Names become columns: the select list, the filters and the order of an intent, resolved
//! against one table. What does not exist is an error with the nearest right name.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::value::write_string;
use mainstay_schema::{Table, Type, Value};
use mainstay_store::query::{Comparison, Expr, Filter, Given, Operand, Order, Step, Truth};

use super::index::nearest;
use super::{Input, Output, Target};
use crate::parse::filter::{Condition, Field, Node, Operator, PathStep, Word};
use crate::parse::{Item, OrderItem};

/// The select list: expressions for the store, names and types for the renderer.
///
/// # Errors
/// `42703` for a column that does not exist, `42704` for a cast that is not known.
pub fn outputs(
    target: &Target<'_>,
    select: Option<&[Item<'_>]>,
) -> Result<(Vec<Expr>, Vec<Output>)> {
    let table = target.table;
    let (mut exprs, mut outputs) = (Vec::new(), Vec::new());
    let star = [Item::Star];
    for item in select.unwrap_or(&star) {
        match item {
            Item::Star => {
                for (at, column) in table.columns.iter().enumerate() {
                    if target.closed.read.contains(&at) {
                        continue;
                    }
                    exprs.push(Expr::Column(at));
                    outputs.push(output(&column.name, column.ty.clone(), None));
                }
            }
            Item::Column { alias, field, cast } => {
                let expr = expr(target, field)?;
                let cast = cast.as_deref().map(cast_type).transpose()?;
                let name = alias.as_deref().unwrap_or_else(|| last_name(field));
                outputs.push(output(name, expr.ty(table), cast));
                exprs.push(expr);
            }
        }
    }
    Ok((exprs, outputs))
}

fn output(name: &str, ty: Type, cast: Option<Type>) -> Output {
    let mut key = Vec::with_capacity(name.len() + 3);
    write_string(name, &mut key);
    key.push(b':');
    Output { name: name.to_owned(), key, ty, cast }
}

/// A JSON path without an alias is named after its last key.
fn last_name<'a>(field: &'a Field<'_>) -> &'a str {
    let last = field.path.iter().rev().find_map(|step| match step {
        PathStep::Key(key) => Some(key.as_ref()),
        PathStep::At(_) => None,
    });
    last.unwrap_or(&field.name)
}

/// A column or a path into its JSON.
///
/// # Errors
/// `42703` when there is no such column, `42883` for a path into what is no JSON.
pub fn expr(target: &Target<'_>, field: &Field<'_>) -> Result<Expr> {
    let at = column(target, &field.name)?;
    if field.path.is_empty() {
        return Ok(Expr::Column(at));
    }
    let ty = &target.table.columns[at].ty;
    if !matches!(ty, Type::Json | Type::Array(_)) {
        let arrow = if field.as_text { "->>" } else { "->" };
        let message = format!("operator does not exist: {} {arrow} unknown", ty.sql_name());
        return Err(Error::new(Code::OperatorUnfit, message)
            .hint("Only json columns and arrays can be stepped into."));
    }
    let step = |step: &PathStep<'_>| match step {
        PathStep::Key(key) => Step::Key(key.clone().into_owned()),
        PathStep::At(at) => Step::At(*at),
    };
    let path = field.path.iter().map(step).collect();
    Ok(Expr::Path { column: at, path, as_text: field.as_text })
}

/// # Errors
/// `42703`
pub fn column(target: &Target<'_>, name: &str) -> Result<usize> {
    target.visible(name).ok_or_else(|| {
        let hint = nearest(name, target.names()).map(|near| {
            format!("Perhaps you meant to reference the column \"{}.{near}\".", target.table.name)
        });
        let message = format!("column {}.{name} does not exist", target.table.name);
        Error::new(Code::ColumnUnknown, message).hint_if(hint)
    })
}

/// # Errors
/// `PGRST204`
pub fn body_column(target: &Target<'_>, name: &str) -> Result<usize> {
    target.index.columns.get(name).copied().ok_or_else(|| {
        let near = nearest(name, target.names());
        let hint = near.map(|near| format!("Perhaps you meant '{near}'."));
        let table = &target.table.name;
        let message =
            format!("Could not find the '{name}' column of '{table}' in the schema cache");
        Error::new(Code::ColumnUnknownInBody, message).hint_if(hint)
    })
}

/// The order.
///
/// # Errors
/// As `expr`.
pub fn order(target: &Target<'_>, items: &[OrderItem<'_>]) -> Result<Vec<Order>> {
    let one = |item: &OrderItem<'_>| {
        Ok(Order {
            expr: expr(target, &item.field)?,
            descending: item.descending,
            nulls_first: item.nulls_first,
        })
    };
    items.iter().map(one).collect()
}

/// The filters, all of which must hold. `inputs` learns how each value is to be read; the first
/// value is given the place `first`.
///
/// # Errors
/// As `expr`; `42883` and `42804` where operator and type do not fit.
pub fn filter(
    target: &Target<'_>,
    nodes: &[Node<'_>],
    first: usize,
    inputs: &mut Vec<Input>,
) -> Result<Filter> {
    let parts: Result<Vec<Filter>> =
        nodes.iter().map(|node| branch(target, node, first, inputs)).collect();
    Ok(Filter::All(parts?))
}

fn branch(
    target: &Target<'_>,
    node: &Node<'_>,
    first: usize,
    inputs: &mut Vec<Input>,
) -> Result<Filter> {
    let mut many = |nodes: &[Node<'_>]| -> Result<Vec<Filter>> {
        nodes.iter().map(|node| branch(target, node, first, inputs)).collect()
    };
    let (not, filter) = match node {
        Node::All { not, nodes } => (*not, Filter::All(many(nodes)?)),
        Node::Any { not, nodes } => (*not, Filter::Any(many(nodes)?)),
        Node::One(one) => (one.not, condition(target, one, first, inputs)?),
    };
    Ok(if not { Filter::Not(Box::new(filter)) } else { filter })
}

fn condition(
    target: &Target<'_>,
    condition: &Condition<'_>,
    first: usize,
    inputs: &mut Vec<Input>,
) -> Result<Filter> {
    let expr = expr(target, &condition.field)?;
    let ty = expr.ty(target.table);
    let place = Operand::Given(Given(first + inputs.len()));
    let compare = |comparison, inputs: &mut Vec<Input>| {
        inputs.push(Input::Literal(ty.clone()));
        Ok(Filter::Compare(expr.clone(), comparison, place.clone()))
    };
    match condition.operator {
        Operator::Eq => compare(Comparison::Eq, inputs),
        Operator::Neq => compare(Comparison::Neq, inputs),
        Operator::Gt => compare(Comparison::Gt, inputs),
        Operator::Gte => compare(Comparison::Gte, inputs),
        Operator::Lt => compare(Comparison::Lt, inputs),
        Operator::Lte => compare(Comparison::Lte, inputs),
        Operator::IsDistinct => compare(Comparison::IsDistinct, inputs),
        Operator::In => {
            inputs.push(Input::List(ty));
            Ok(Filter::In(expr, place))
        }
        Operator::Is(word) => truth(target.table, expr, word),
        Operator::Like | Operator::Ilike => {
            texts(&ty, if condition.operator == Operator::Like { "~~" } else { "~~*" })?;
            inputs.push(Input::Pattern);
            let fold_case = condition.operator == Operator::Ilike;
            Ok(Filter::Like { expr, pattern: place, fold_case })
        }
        Operator::Match | Operator::Imatch => {
            texts(&ty, if condition.operator == Operator::Match { "~" } else { "~*" })?;
            let fold_case = condition.operator == Operator::Imatch;
            inputs.push(Input::Regex { fold_case });
            Ok(Filter::Regex { expr, pattern: place, fold_case })
        }
    }
}

fn truth(table: &Table, expr: Expr, word: Word) -> Result<Filter> {
    let truth = match word {
        Word::Null => Truth::Null,
        Word::NotNull => Truth::NotNull,
        Word::True => Truth::True,
        Word::False => Truth::False,
        Word::Unknown => Truth::Unknown,
    };
    let ty = expr.ty(table);
    if !matches!(word, Word::Null | Word::NotNull) && ty != Type::Boolean {
        let name = format!("{word:?}").to_uppercase();
        let message =
            format!("argument of IS {name} must be type boolean, not type {}", ty.sql_name());
        return Err(Error::new(Code::TypeMismatch, message));
    }
    Ok(Filter::Is(expr, truth))
}

/// Patterns are for texts.
fn texts(ty: &Type, operator: &str) -> Result<()> {
    if matches!(ty, Type::Text | Type::Enum(_)) {
        return Ok(());
    }
    let message = format!("operator does not exist: {} {operator} unknown", ty.sql_name());
    Err(Error::new(Code::OperatorUnfit, message)
        .hint("No operator matches the given name and argument types."))
}

/// The types that `::name` may name.
fn cast_type(name: &str) -> Result<Type> {
    let ty = match name.trim().to_ascii_lowercase().as_str() {
        "text" | "varchar" | "character varying" => Type::Text,
        "int2" | "smallint" => Type::SmallInt,
        "int" | "int4" | "integer" => Type::Integer,
        "int8" | "bigint" => Type::BigInt,
        "numeric" | "decimal" => Type::Numeric(None),
        "float4" | "real" => Type::Real,
        "float8" | "double precision" | "float" => Type::Double,
        "bool" | "boolean" => Type::Boolean,
        "uuid" => Type::Uuid,
        "timestamptz" | "timestamp with time zone" => Type::TimestampTz,
        "timestamp" | "timestamp without time zone" => Type::Timestamp,
        "date" => Type::Date,
        "time" => Type::Time,
        "json" | "jsonb" => Type::Json,
        _ => {
            let message = format!("type \"{name}\" does not exist");
            return Err(Error::new(Code::CastUnknown, message));
        }
    };
    Ok(ty)
}

/// Every unique key that the filter pins to one value leaves at most one row.
#[must_use]
pub fn is_keyed(table: &Table, filter: &Filter) -> bool {
    let Filter::All(parts) = filter else { return false };
    let pinned: Vec<usize> = parts
        .iter()
        .filter_map(|part| match part {
            Filter::Compare(Expr::Column(at), Comparison::Eq, _) => Some(*at),
            _ => None,
        })
        .collect();
    let covers = |key: &[usize]| !key.is_empty() && key.iter().all(|at| pinned.contains(at));
    covers(&table.primary_key.columns) || table.uniques.iter().any(|unique| covers(&unique.columns))
}

/// The value that a filter pins a column to, if it stands alone at the top.
#[must_use]
pub fn pinned<'v>(nodes: &[Node<'_>], name: &str, values: &'v [Value]) -> Option<&'v Value> {
    let mut place = 0;
    for node in nodes {
        match node {
            Node::One(one) => {
                if one.operator == Operator::Eq && !one.not && one.field.name == name {
                    return values.get(place);
                }
                place += usize::from(!matches!(one.operator, Operator::Is(_)));
            }
            Node::All { .. } | Node::Any { .. } => return None,
        }
    }
    None
}
