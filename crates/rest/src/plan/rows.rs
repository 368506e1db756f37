//! The rows of a request as one select: its columns, its embeds as JSON values of their own
//! selects, spreads as joins, filters, order and groups, at every level.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Type, Value};
use mainstay_store::query::{self, Embed, EmbedForm, Expr, From, Given, Join, Order, Select};
use mainstay_store::shown::{Row, Zone};

use super::level::Embedded;
use super::read::number;
use super::{Input, Level, Output, conditions, resolve, row_cap};
use crate::Config;
use crate::parse::select::{self, Column};
use crate::parse::{Intent, Item, OrderItem, Part, Query};

/// What is gathered while a shape is planned.
pub struct Shaping<'c> {
    pub config: &'c Config,
    /// The place of the first value of a filter: an update's new values come before.
    pub first: usize,
    /// How the value at each place is to be read.
    pub inputs: Vec<Option<Input>>,
    /// Where the page of the next embed stands.
    pages: usize,
    pub strip_nulls: bool,
    /// The zone in which moments are shown.
    pub zone: Option<Zone>,
}

impl<'c> Shaping<'c> {
    #[must_use]
    pub fn new(config: &'c Config, query: &Query<'_>, first: usize) -> Self {
        let values = query.values.len();
        Self {
            config,
            first,
            inputs: vec![None; values],
            pages: first + values,
            strip_nulls: false,
            zone: None,
        }
    }

    /// With all that the intent says of how rows are shown.
    #[must_use]
    pub fn shown(self, intent: &Intent<'_>) -> Self {
        let zone = intent.prefer.zone.clone();
        Self { strip_nulls: intent.media.strip_nulls, zone, ..self }
    }

    /// Remembers how the value at a place is to be read, and says where it will stand.
    pub fn input(&mut self, place: usize, input: Input) -> Given {
        if let Some(known) = self.inputs.get_mut(place) {
            *known = Some(input);
        }
        Given(self.first + place)
    }

    fn page(&mut self) -> (Given, Given) {
        self.pages += 2;
        (Given(self.pages - 2), Given(self.pages - 1))
    }

    /// The place behind the pages of all embeds.
    #[must_use]
    pub fn end(&self) -> usize {
        self.pages
    }
}

/// A select and how its columns are shown.
pub struct Built {
    pub select: Select,
    pub outputs: Vec<Output>,
}

/// Plans the rows of one level.
///
/// # Errors
/// What `resolve` and `conditions` refuse; `PGRST123` for aggregates that are switched off.
pub fn build(level: &Level<'_>, part: &Part<'_>, shaping: &mut Shaping<'_>) -> Result<Built> {
    let mut building = Building::default();
    items(level, part, None, &mut building, shaping)?;
    let filter = conditions::filter(level, part, shaping)?;
    let source = level.target.source();
    if building.exprs.iter().any(Expr::is_aggregate) {
        building.cast();
    }
    let Building { joins, exprs, outputs, spreads } = building;
    let group = exprs.iter().any(Expr::is_aggregate).then(|| {
        let plain = exprs.iter().enumerate().filter(|(_, expr)| !expr.is_aggregate());
        plain.map(|(at, _)| at).collect::<Vec<usize>>()
    });
    let order = order(level, part, &spreads, shaping)?;
    if let Some(group) = &group {
        grouped(&order, group, &exprs, level)?;
    }
    let from = From { source, joins };
    let select =
        Select { from, outputs: exprs, filter, order, group, keyed: false, page: None, keys: None };
    Ok(Built { select, outputs })
}

#[derive(Default)]
struct Building {
    joins: Vec<Join>,
    exprs: Vec<Expr>,
    outputs: Vec<Output>,
    /// Spreads of the level itself that stand beside it: embed and join.
    spreads: Vec<(usize, usize)>,
}

impl Building {
    /// A column, perhaps of the row that a join puts beside.
    fn push(&mut self, beside: Option<usize>, expr: Expr, output: Output) {
        self.exprs.push(match beside {
            Some(join) => Expr::Joined(join, Box::new(expr)),
            None => expr,
        });
        self.outputs.push(output);
    }
}

impl Building {
    /// Rows are grouped by what is shown: casts are made before, not while the rows are written.
    fn cast(&mut self) {
        for (expr, output) in self.exprs.iter_mut().zip(&mut self.outputs) {
            // A zone decides the day of a moment, and only whoever shows it knows the zone.
            let zoned = output.zone.is_some() && output.ty == Type::TimestampTz;
            if expr.is_aggregate() || zoned {
                continue;
            }
            if let Some(to) = output.cast.take() {
                output.ty = to.clone();
                *expr = match std::mem::replace(expr, Expr::Column(0)) {
                    Expr::Joined(join, inner) => {
                        Expr::Joined(join, Box::new(Expr::Cast { expr: inner, to }))
                    }
                    inner => Expr::Cast { expr: Box::new(inner), to },
                };
            }
        }
    }
}

fn items(
    level: &Level<'_>,
    part: &Part<'_>,
    beside: Option<usize>,
    building: &mut Building,
    shaping: &mut Shaping<'_>,
) -> Result<()> {
    let target = &level.target;
    let mut embeds = level.embeds.iter().enumerate();
    let star = [Item::Star];
    for item in part.select.as_deref().unwrap_or(&star) {
        match item {
            Item::Star => {
                for (at, column) in target.table.columns.iter().enumerate() {
                    if !target.closed.read.contains(&at) {
                        let output = shown(&column.name, column.ty.clone(), None, shaping);
                        building.push(beside, Expr::Column(at), output);
                    }
                }
            }
            Item::Column(column) => {
                let (expr, output) = self::column(level, column, shaping)?;
                building.push(beside, expr, output);
            }
            Item::Embed(embed) => {
                let Some((at, found)) = embeds.next() else {
                    return Err(Error::internal("an embed without its level"));
                };
                match embed.spread {
                    true => {
                        let join = spread(embed, found, beside, building, shaping)?;
                        if let (None, Some(join)) = (beside, join) {
                            building.spreads.push((at, join));
                        }
                    }
                    false => nest(embed, found, beside, building, shaping)?,
                }
            }
        }
    }
    Ok(())
}

fn shown(name: &str, ty: Type, cast: Option<Type>, shaping: &Shaping<'_>) -> Output {
    let mut output = Output::new(name, ty, cast);
    output.zone.clone_from(&shaping.zone);
    output
}

fn column(level: &Level<'_>, column: &Column<'_>, shaping: &Shaping<'_>) -> Result<(Expr, Output)> {
    let target = &level.target;
    let expr = column.field.as_ref().map(|field| resolve::expr(target, field)).transpose()?;
    let cast = column.cast.as_deref().map(resolve::cast_type).transpose()?;
    let ty = |expr: &Expr| expr.ty(target.table, &[]);
    let Some(aggregate) = &column.aggregate else {
        let Some(expr) = expr else {
            return Err(Error::internal("a column without a field"));
        };
        let name =
            column.alias.as_deref().or_else(|| column.field.as_ref().map(resolve::last_name));
        let output = shown(name.unwrap_or_default(), ty(&expr), cast, shaping);
        return Ok((expr, output));
    };
    if !shaping.config.aggregates {
        return Err(Error::new(Code::AggregatesOff, "Use of aggregate functions is not allowed")
            .hint("The operator allows them by `[api] aggregates = true`."));
    }
    let of = match (expr, cast) {
        (Some(expr), Some(to)) => Some(Expr::Cast { expr: Box::new(expr), to }),
        (expr, _) => expr,
    };
    let expr = self::aggregate(aggregate.function, of, &ty)?;
    let cast = aggregate.cast.as_deref().map(resolve::cast_type).transpose()?;
    let name = column.alias.as_deref().unwrap_or(aggregate.function.name());
    let output = shown(name, ty(&expr), cast, shaping);
    Ok((expr, output))
}

fn aggregate(
    function: select::Function,
    of: Option<Expr>,
    ty: &dyn Fn(&Expr) -> Type,
) -> Result<Expr> {
    let known = match function {
        select::Function::Count => query::Aggregate::Count,
        select::Function::Sum => query::Aggregate::Sum,
        select::Function::Avg => query::Aggregate::Avg,
        select::Function::Min => query::Aggregate::Min,
        select::Function::Max => query::Aggregate::Max,
    };
    if let Some(of) = of.as_ref().map(ty).filter(|of| !known.takes(of)) {
        let message = format!("function {}({}) does not exist", function.name(), of.sql_name());
        return Err(Error::new(Code::OperatorUnfit, message).hint(
            "No function matches the given name and argument types. You might need to add \
             explicit type casts.",
        ));
    }
    Ok(Expr::Aggregate { function: known, of: of.map(Box::new) })
}

/// An embed: one JSON value. Without columns it is only a condition.
fn nest(
    embed: &select::Embed<'_>,
    found: &Embedded<'_>,
    beside: Option<usize>,
    building: &mut Building,
    shaping: &mut Shaping<'_>,
) -> Result<()> {
    let page = shaping.page();
    let built = build(&found.level, &embed.part, shaping)?;
    if embed.part.select.as_ref().is_some_and(Vec::is_empty) {
        return Ok(());
    }
    let to_one = found.relation.cardinality.is_to_one();
    let form = if to_one { EmbedForm::One } else { EmbedForm::Many };
    let expr = linked(found, built, form, page, shaping.strip_nulls);
    building.push(beside, expr, shown(embed.name(), Type::Json, None, shaping));
    Ok(())
}

fn linked(
    found: &Embedded<'_>,
    built: Built,
    form: EmbedForm,
    page: (Given, Given),
    strip_nulls: bool,
) -> Expr {
    let select = Select { page: Some(page), ..built.select };
    let row = Row { columns: built.outputs, strip_nulls }.to_text();
    Expr::Embed(Box::new(Embed { link: found.link(), select, form, row }))
}

/// A spread: a to-one row stands beside this one, to-many rows become an array for each column.
/// Gives the join of a row that stands beside.
fn spread(
    embed: &select::Embed<'_>,
    found: &Embedded<'_>,
    beside: Option<usize>,
    building: &mut Building,
    shaping: &mut Shaping<'_>,
) -> Result<Option<usize>> {
    let page = shaping.page();
    if found.relation.cardinality.is_to_one() {
        let filter = conditions::filter(&found.level, &embed.part, shaping)?;
        let (source, link) = (found.level.target.source(), found.link());
        building.joins.push(Join { source, beside, link, filter });
        let join = building.joins.len() - 1;
        items(&found.level, &embed.part, Some(join), building, shaping)?;
        return Ok(Some(join));
    }
    let Built { select, outputs } = build(&found.level, &embed.part, shaping)?;
    for (at, output) in outputs.into_iter().enumerate() {
        let shown = self::shown(&output.name, Type::Json, None, shaping);
        // Rows that are grouped are grouped by all columns, though one of them is shown.
        let (outputs, place) = match select.group {
            Some(_) => (select.outputs.clone(), at),
            None => (vec![select.outputs[at].clone()], 0),
        };
        let column = Select { outputs, ..select.clone() };
        let built = Built { select: column, outputs: vec![output] };
        let form = EmbedForm::List(place);
        let expr = linked(found, built, form, page, shaping.strip_nulls);
        building.push(beside, expr, shown);
    }
    Ok(None)
}

/// The order of a level.
///
/// # Errors
/// As `resolve::expr`; `PGRST108` and `PGRST118` for an order by an embed.
fn order(
    level: &Level<'_>,
    part: &Part<'_>,
    spreads: &[(usize, usize)],
    shaping: &mut Shaping<'_>,
) -> Result<Vec<Order>> {
    let mut order = Vec::with_capacity(part.order.len());
    for item in &part.order {
        let expr = match &item.relation {
            None => resolve::expr(&level.target, &item.field)?,
            Some(name) => related(level, part, name, (item, spreads), shaping)?,
        };
        order.push(Order { expr, descending: item.descending, nulls_first: item.nulls_first });
    }
    Ok(order)
}

/// A column of an embed that is at most one row.
fn related(
    level: &Level<'_>,
    part: &Part<'_>,
    name: &str,
    (item, spreads): (&OrderItem<'_>, &[(usize, usize)]),
    shaping: &mut Shaping<'_>,
) -> Result<Expr> {
    let found = level.embed(part, name).or_else(|| level.embed_of(part, name));
    let Some((at, embed, found)) = found else {
        let message = format!("'{name}' is not an embedded resource in this request");
        return Err(Error::new(Code::EmbedFilterUnselected, message)
            .hint(format!("Verify that '{name}' is included in the 'select' query parameter.")));
    };
    if !found.relation.cardinality.is_to_one() {
        let message = format!("A related order on '{name}' is not possible");
        return Err(Error::new(Code::OrderNotToOne, message).details(format!(
            "'{}' and '{name}' do not form a many-to-one or one-to-one relationship",
            level.target.table.name
        )));
    }
    let expr = resolve::expr(&found.level.target, &item.field)?;
    if let Some((_, join)) = spreads.iter().find(|(embed, _)| *embed == at) {
        return Ok(Expr::Joined(*join, Box::new(expr)));
    }
    let filter = conditions::filter(&found.level, &embed.part, shaping)?;
    let mut select = Select::all(found.level.target.source(), vec![expr]);
    select.filter = filter;
    let link = found.link();
    Ok(Expr::Embed(Box::new(Embed { link, select, form: EmbedForm::Value, row: String::new() })))
}

/// Rows that are grouped are ordered by what they are grouped by.
fn grouped(order: &[Order], group: &[usize], exprs: &[Expr], level: &Level<'_>) -> Result<()> {
    let known = |order: &Order| group.iter().any(|at| exprs[*at] == order.expr);
    let Some(wrong) = order.iter().find(|order| !known(order)) else {
        return Ok(());
    };
    let table = level.target.table;
    let name = match &wrong.expr {
        Expr::Column(at) | Expr::Path { column: at, .. } => {
            format!("column \"{}.{}\"", table.name, table.columns[*at].name)
        }
        _ => "a column of an embed in the order".to_owned(),
    };
    let message =
        format!("{name} must appear in the GROUP BY clause or be used in an aggregate function");
    Err(Error::new(Code::NotGrouped, message)
        .hint("Rows are grouped by the columns of `select` that are not aggregated."))
}

/// The pages of all embeds, in the order in which `build` gives them their places.
pub fn pages(part: &Part<'_>, config: &Config, values: &mut Vec<Value>) {
    for embed in part.embeds() {
        let limit = embed.part.limit.map(|limit| u64::try_from(limit).unwrap_or(0));
        let offset = embed.part.offset.map_or(0, |offset| u64::try_from(offset).unwrap_or(0));
        values.extend([number(row_cap(config, limit)), number(offset)]);
        pages(&embed.part, config, values);
    }
}
