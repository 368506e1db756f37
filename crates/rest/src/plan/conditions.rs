//! Filters of a level: names become columns, operators become tests, embeds that are to be there
//! become conditions of their own.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Table, Type};
use mainstay_store::query::{Expr, Filter, Operand, Test, Truth};

use super::level::Embedded;
use super::rows::Shaping;
use super::{Input, Level, resolve, rulings};
use crate::parse::{Condition, Each, Node, Operator, Part};

/// All filters of a level, the embeds without which its rows are not kept, and the rule that says
/// which rows the caller may read.
///
/// # Errors
/// As `own`.
pub fn filter(level: &Level<'_>, part: &Part<'_>, shaping: &mut Shaping<'_>) -> Result<Filter> {
    let filter = match (own(level, part, shaping)?, inner(level, part, shaping)?) {
        (Filter::All(mut parts), Filter::All(inner)) => {
            parts.extend(inner);
            Filter::All(parts)
        }
        (own, inner) => Filter::All(vec![own, inner]),
    };
    Ok(rulings::ruled(rulings::filter(level.rule.as_ref()), filter))
}

/// The filters that are written on the level itself.
///
/// # Errors
/// As `resolve::expr`; `42883` and `42804` where operator and type do not fit, `PGRST120` for an
/// embed that is compared, `PGRST127` for a search without an index.
pub fn own(level: &Level<'_>, part: &Part<'_>, shaping: &mut Shaping<'_>) -> Result<Filter> {
    let nodes = part.filters.iter().map(|node| branch(level, part, node, shaping));
    nodes.collect::<Result<Vec<_>>>().map(Filter::All)
}

/// The embeds (`!inner`) without which a row is not kept.
///
/// # Errors
/// As `own`.
pub fn inner(level: &Level<'_>, part: &Part<'_>, shaping: &mut Shaping<'_>) -> Result<Filter> {
    let embeds = part.embeds().zip(&level.embeds).filter(|(embed, _)| embed.inner);
    let exists = embeds.map(|(embed, found)| exists(found, &embed.part, shaping));
    exists.collect::<Result<Vec<_>>>().map(Filter::All)
}

fn branch(
    level: &Level<'_>,
    part: &Part<'_>,
    node: &Node<'_>,
    shaping: &mut Shaping<'_>,
) -> Result<Filter> {
    let mut many = |nodes: &[Node<'_>]| -> Result<Vec<Filter>> {
        nodes.iter().map(|node| branch(level, part, node, shaping)).collect()
    };
    let (not, filter) = match node {
        Node::All { not, nodes } => (*not, Filter::All(many(nodes)?)),
        Node::Any { not, nodes } => (*not, Filter::Any(many(nodes)?)),
        Node::One(one) => (one.not, condition(level, part, one, shaping)?),
    };
    Ok(if not { Filter::Not(Box::new(filter)) } else { filter })
}

/// There is a linked row that the embed's own filters keep.
fn exists(found: &Embedded<'_>, part: &Part<'_>, shaping: &mut Shaping<'_>) -> Result<Filter> {
    Ok(Filter::Exists {
        link: found.link(),
        source: found.level.target.source(),
        filter: Box::new(filter(&found.level, part, shaping)?),
    })
}

fn condition(
    level: &Level<'_>,
    part: &Part<'_>,
    one: &Condition<'_>,
    shaping: &mut Shaping<'_>,
) -> Result<Filter> {
    // A column of this level comes before the relation of an embed that has an alias.
    let name = &one.field.name;
    let found = level.embed(part, name).or_else(|| match level.target.visible(name) {
        Some(_) => None,
        None => level.embed_of(part, name),
    });
    if let Some((_, embed, found)) = found {
        let there = exists(found, &embed.part, shaping)?;
        return match one.operator {
            Operator::Is(Truth::Null) => Ok(Filter::Not(Box::new(there))),
            Operator::Is(Truth::NotNull) => Ok(there),
            _ => Err(compared_embed(&one.field.name)),
        };
    }
    let target = &level.target;
    let expr = resolve::expr(target, &one.field)?;
    let ty = expr.ty(target.table, &[]);
    if let Some(each) = one.each {
        let tests = each_element(expr, &ty, one, each == Each::All, shaping)?;
        return Ok(behind(level, one.operator, tests));
    }
    let mut given = |input: Input| Operand::Given(shaping.input(one.place, input));
    match one.operator {
        Operator::Is(truth) => is(target.table, expr, truth),
        Operator::In => Ok(Filter::In(expr, given(Input::List(ty)))),
        Operator::Search(kind) => {
            let column = match expr {
                Expr::Column(at) if target.table.search.contains(&at) => at,
                _ => return Err(unsearched(target.table, &one.field.name)),
            };
            let column = target.table.columns[column].name.clone();
            Ok(Filter::Search(given(Input::Search { kind, column })))
        }
        operator => {
            let (test, input) = test(operator, &ty)?;
            let test = Filter::Test(expr, test, given(input));
            Ok(behind(level, operator, test))
        }
    }
}

/// Containment compares many with many and may be refused for what a row holds: it is asked only
/// of rows that the caller may read. SQLite puts the constant of `a = ?` in the place of `a`
/// elsewhere, so this alone is not enough: the rule also stands before all other conditions.
fn behind(level: &Level<'_>, operator: Operator, test: Filter) -> Filter {
    let may_fail =
        matches!(operator, Operator::Contains | Operator::Contained | Operator::Overlaps);
    match level.rule.as_ref().filter(|_| may_fail) {
        Some(rule) => Filter::Behind(rule.clone(), Box::new(test)),
        None => test,
    }
}

/// The test of an operator, and how its value is to be read.
fn test(operator: Operator, ty: &Type) -> Result<(Test, Input)> {
    let literal = || Input::Literal(ty.clone());
    Ok(match operator {
        Operator::Eq => (Test::Eq, literal()),
        Operator::Neq => (Test::Neq, literal()),
        Operator::Gt => (Test::Gt, literal()),
        Operator::Gte => (Test::Gte, literal()),
        Operator::Lt => (Test::Lt, literal()),
        Operator::Lte => (Test::Lte, literal()),
        Operator::IsDistinct => (Test::IsDistinct, literal()),
        Operator::Like | Operator::Ilike => {
            let fold_case = operator == Operator::Ilike;
            texts(ty, if fold_case { "~~*" } else { "~~" })?;
            (Test::Like { fold_case }, Input::Pattern)
        }
        Operator::Match | Operator::Imatch => {
            let fold_case = operator == Operator::Imatch;
            texts(ty, if fold_case { "~*" } else { "~" })?;
            (Test::Regex { fold_case }, Input::Regex { fold_case })
        }
        Operator::Contains => (containers(ty, "@>", Test::Contains)?, literal()),
        Operator::Contained => (containers(ty, "<@", Test::Contained)?, literal()),
        Operator::Overlaps => match ty {
            Type::Array(_) => (Test::Overlaps, literal()),
            _ => return Err(unfit(ty, "&&")),
        },
        Operator::In | Operator::Is(_) | Operator::Search(_) => {
            return Err(Error::internal("an operator that is no test"));
        }
    })
}

/// `like(any).{a*,b*}`
fn each_element(
    expr: Expr,
    ty: &Type,
    one: &Condition<'_>,
    all: bool,
    shaping: &mut Shaping<'_>,
) -> Result<Filter> {
    let (test, input) = test(one.operator, ty)?;
    let list = Operand::Given(shaping.input(one.place, Input::Each(Box::new(input))));
    Ok(Filter::Each { expr, test, list, all })
}

fn is(table: &Table, expr: Expr, truth: Truth) -> Result<Filter> {
    let ty = expr.ty(table, &[]);
    if !matches!(truth, Truth::Null | Truth::NotNull) && ty != Type::Boolean {
        let name = format!("{truth:?}").to_uppercase();
        let message =
            format!("argument of IS {name} must be type boolean, not type {}", ty.sql_name());
        return Err(Error::new(Code::TypeMismatch, message));
    }
    Ok(Filter::Is(expr, truth))
}

/// Patterns are for texts.
fn texts(ty: &Type, operator: &str) -> Result<()> {
    match ty {
        Type::Text | Type::Enum(_) => Ok(()),
        _ => Err(unfit(ty, operator)),
    }
}

/// Containment is for JSON and arrays.
fn containers(ty: &Type, operator: &str, test: Test) -> Result<Test> {
    match ty {
        Type::Json | Type::Array(_) => Ok(test),
        _ => Err(unfit(ty, operator)),
    }
}

fn unfit(ty: &Type, operator: &str) -> Error {
    let message = format!("operator does not exist: {} {operator} unknown", ty.sql_name());
    Error::new(Code::OperatorUnfit, message)
        .hint("No operator matches the given name and argument types.")
}

/// `PGRST120`
fn compared_embed(name: &str) -> Error {
    let message = format!("Bad operator on the '{name}' embedded resource");
    Error::new(Code::EmbedFilterWrong, message)
        .details("Only is null or not is null filters are allowed on embedded resources")
}

fn unsearched(table: &Table, column: &str) -> Error {
    let message = format!("The column {}.{column} has no index for full-text search", table.name);
    Error::new(Code::NotImplemented, message)
        .hint(format!("Declare `search = [\"{column}\"]` on the table, or filter with ilike."))
}
