//! Plans changes to rows that are there: updates and deletes under a filter.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Permit;
use mainstay_schema::Value;
use mainstay_schema::model::Action;
use mainstay_store::plan::{Change, Guard, Reread};
use mainstay_store::query::{self, Expr, Given, Operand};
use mainstay_store::{Bound, Statement, WritePlan, plan as store_plan, sql};

use super::body;
use super::insert::{PlannedWrite, columns, may_write, read_back};
use super::made::Maker;
use super::shape::{Key, Kind};
use super::{Prepared, Target, resolve};
use crate::parse::{Intent, Item};
use crate::{Config, Plans};

/// What comes back from a change.
pub type Returning<'w, 'a> = Option<Option<&'w [Item<'a>]>>;

/// What a request asks of the rows that it finds.
#[derive(Clone, Copy)]
pub struct Asked<'w, 'a> {
    pub intent: &'w Intent<'a>,
    pub returning: Returning<'w, 'a>,
    pub guard: Guard,
}

/// Nothing to set is nothing to do: `None`.
///
/// # Errors
/// As `insert::plan`; `21000` without a filter.
pub fn update(
    plans: &Plans,
    config: &Config,
    target: &Target<'_>,
    permit: &Permit,
    asked: &Asked<'_, '_>,
    body: &[u8],
    maker: &Maker<'_>,
) -> Result<Option<PlannedWrite>> {
    let intent = asked.intent;
    let only = columns(target, intent)?;
    let rows = body::read(target, intent.body_kind, body, only.as_deref())?;
    let mut set = match <[body::Cells; 1]>::try_from(rows.rows) {
        Ok([set]) => set,
        Err(_) => {
            let message = "An update takes one JSON object";
            return Err(Error::new(Code::BodyUnreadable, message));
        }
    };
    // What `columns` lists and the body lacks is set too: to its default, or to null.
    for at in only.iter().flatten() {
        if !set.iter().any(|(known, _)| known == at) {
            let made = match intent.prefer.missing_default {
                true => maker.value(&target.table.columns[*at])?,
                false => Some(Value::Null),
            };
            set.extend(made.map(|value| (*at, value)));
        }
    }
    if set.is_empty() {
        return Ok(None);
    }
    filtered(config, intent, "UPDATE")?;
    for (at, value) in &set {
        may_write(target, *at, &target.closed.update, permit.identity())?;
        target.index.guards[*at].check_change(target.table, *at, value)?;
    }
    let places: Vec<usize> = set.iter().map(|(at, _)| *at).collect();
    let mut key = Key::new(Kind::Update, target);
    key.numbers(&places);
    let prepared =
        plans.get_or_make(shaped(key, asked), || prepare(target, asked, Some(&places)))?;
    let new: Vec<Value> = set.iter().map(|(_, value)| value.clone()).collect();
    let values = values(&prepared, intent, new)?;
    let referenced = referenced(target, intent, &values, &places, Some(&places))?;
    let bound = Bound { statement: Arc::clone(&prepared.statement), values };
    let change = Change::Update(store_plan::Update { bound, set, referenced });
    finish(plans, target, permit, asked, &prepared, change).map(Some)
}

/// # Errors
/// As `update`.
pub fn delete(
    plans: &Plans,
    config: &Config,
    target: &Target<'_>,
    permit: &Permit,
    asked: &Asked<'_, '_>,
) -> Result<PlannedWrite> {
    let intent = asked.intent;
    filtered(config, intent, "DELETE")?;
    let key = Key::new(Kind::Delete, target);
    let prepared = plans.get_or_make(shaped(key, asked), || prepare(target, asked, None))?;
    let values = values(&prepared, intent, Vec::new())?;
    let referenced = referenced(target, intent, &values, &[], None)?;
    let bound = Bound { statement: Arc::clone(&prepared.statement), values };
    let change = Change::Delete(store_plan::Delete { bound, referenced });
    finish(plans, target, permit, asked, &prepared, change)
}

/// The safe-update guard: a change without a filter would touch every row.
fn filtered(config: &Config, intent: &Intent<'_>, verb: &str) -> Result<()> {
    if config.safe_update && intent.query.filters.is_empty() {
        return Err(Error::new(Code::WriteUnfiltered, format!("{verb} requires a WHERE clause"))
            .hint("Name the rows by a filter; one that holds for all says that all are meant."));
    }
    if intent.page.limit.is_some() && !intent.prefer.represents() {
        let message = format!("{verb} takes no limit: it would change every row of the filter");
        return Err(Error::new(Code::NotImplemented, message)
            .hint("Filter by keys, or use Prefer: max-affected to be safe."));
    }
    Ok(())
}

fn shaped(mut key: Key, asked: &Asked<'_, '_>) -> Key {
    key.filters(&asked.intent.query.filters).flag(asked.returning.is_some());
    key.select(asked.returning.flatten()).flag(asked.rereads());
    key
}

impl Asked<'_, '_> {
    /// Rows that are to come back in an order are read apart from the change.
    fn rereads(&self) -> bool {
        self.returning.is_some() && !self.intent.query.order.is_empty()
    }
}

fn prepare(target: &Target<'_>, asked: &Asked<'_, '_>, set: Option<&[usize]>) -> Result<Prepared> {
    let table = Arc::clone(target.table);
    let (exprs, outputs) = match asked.returning {
        Some(select) => resolve::outputs(target, select)?,
        None => (Vec::new(), Vec::new()),
    };
    let keys = || table.primary_key.columns.iter().copied().map(Expr::Column).collect();
    let returning = if asked.rereads() { keys() } else { exprs };
    let mut inputs = Vec::new();
    let first = set.map_or(0, <[usize]>::len);
    let filter = resolve::filter(target, &asked.intent.query.filters, first, &mut inputs)?;
    let statement = match set {
        Some(set) => {
            let given = |(place, at): (usize, &usize)| (*at, Operand::Given(Given(place)));
            let set = set.iter().enumerate().map(given).collect();
            sql::sqlite_write::update(&query::Update { table, set, filter, returning })
        }
        None => sql::sqlite_write::delete(&query::Delete { table, filter, returning }),
    };
    Ok(Prepared {
        statement: Arc::new(statement),
        count: None,
        outputs: outputs.into(),
        inputs,
        keyed: false,
        echo: None,
    })
}

fn values(prepared: &Prepared, intent: &Intent<'_>, new: Vec<Value>) -> Result<Arc<[Value]>> {
    let mut values = new;
    for (input, given) in prepared.inputs.iter().zip(&intent.query.values) {
        values.push(input.read(given)?);
    }
    Ok(values.into())
}

/// Queries that tell, after a refusal, which row is still referenced and by what. An update asks
/// only for the keys that it changes.
fn referenced(
    target: &Target<'_>,
    intent: &Intent<'_>,
    values: &Arc<[Value]>,
    set: &[usize],
    changed: Option<&[usize]>,
) -> Result<Vec<store_plan::Referenced>> {
    let mut found = Vec::new();
    for child in &target.module.tables {
        for foreign_key in &child.foreign_keys {
            let action = match changed {
                Some(_) => foreign_key.on_update,
                None => foreign_key.on_delete,
            };
            let touched = changed
                .is_none_or(|changed| foreign_key.references.iter().any(|at| changed.contains(at)));
            let holds = matches!(action, Action::NoAction | Action::Restrict);
            if foreign_key.table != target.table_at || !touched || !holds {
                continue;
            }
            let pairs: Vec<(usize, usize)> = foreign_key
                .columns
                .iter()
                .copied()
                .zip(foreign_key.references.iter().copied())
                .collect();
            let filter =
                resolve::filter(target, &intent.query.filters, set.len(), &mut Vec::new())?;
            let statement: Arc<Statement> =
                Arc::new(sql::sqlite::referenced(target.table, &filter, child, &pairs));
            found.push(store_plan::Referenced {
                bound: Bound { statement, values: Arc::clone(values) },
                child: child.name.clone(),
                constraint: foreign_key.name.clone(),
                columns: foreign_key.references.clone(),
            });
        }
    }
    Ok(found)
}

fn finish(
    plans: &Plans,
    target: &Target<'_>,
    permit: &Permit,
    asked: &Asked<'_, '_>,
    prepared: &Prepared,
    change: Change,
) -> Result<PlannedWrite> {
    let intent = asked.intent;
    let reread = match (asked.returning, &change) {
        (None, _) => None,
        _ if !asked.rereads() => None,
        (Some(select), Change::Delete(delete)) => {
            Some(Reread::Before(before(plans, target, intent, select, &delete.bound.values)?))
        }
        (Some(select), _) => Some(read_back(plans, target, intent, select)?),
    };
    let plan = WritePlan {
        module: permit.module(),
        declared: Arc::clone(target.module),
        table: Arc::clone(target.table),
        change,
        guard: asked.guard,
        atomic: false,
        closed: target.closed.read.clone(),
        reread,
    };
    Ok(PlannedWrite { plan, outputs: Arc::clone(&prepared.outputs) })
}

/// The rows that a delete will take away, in the order asked for.
fn before(
    plans: &Plans,
    target: &Target<'_>,
    intent: &Intent<'_>,
    select: Option<&[Item<'_>]>,
    values: &Arc<[Value]>,
) -> Result<Bound> {
    let mut key = Key::new(Kind::Delete, target);
    key.text("before").select(select).filters(&intent.query.filters).order(&intent.query.order);
    let prepared = plans.get_or_make(key, || {
        let (outputs, shown) = resolve::outputs(target, select)?;
        let mut inputs = Vec::new();
        let filter = resolve::filter(target, &intent.query.filters, 0, &mut inputs)?;
        let order = resolve::order(target, &intent.query.order)?;
        let table = Arc::clone(target.table);
        let query = query::Select { table, outputs, filter, order, keyed: false, page: None };
        Ok(Prepared {
            statement: Arc::new(sql::sqlite::select(&query)),
            count: None,
            outputs: shown.into(),
            inputs,
            keyed: false,
            echo: None,
        })
    })?;
    Ok(Bound { statement: Arc::clone(&prepared.statement), values: Arc::clone(values) })
}
