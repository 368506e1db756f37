//! Plans changes to rows that are there: updates and deletes under a filter.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Identity;
use mainstay_schema::Value;
use mainstay_schema::model::Action;
use mainstay_store::plan::{Change, Guard, Reread};
use mainstay_store::query::{self, Expr, Given, Operand};
use mainstay_store::{Bound, Statement, WritePlan, plan as store_plan, sql};

use super::body;
use super::fill::{columns, may_write, told};
use super::insert::PlannedWrite;
use super::judge;
use super::made::Maker;
use super::rows::{self, Shaping};
use super::shape::{Key, Kind};
use super::viewer::Viewer;
use super::{Prepared, Target, Written, conditions, read, reread};
use crate::parse::{Intent, Part};
use crate::{Config, Plans};

/// What a request asks of the rows that it finds.
#[derive(Clone, Copy)]
pub struct Asked<'w, 'a> {
    pub viewer: &'w Viewer<'w>,
    pub intent: &'w Intent<'a>,
    pub written: &'w Written<'w>,
    /// What comes back of each row; nothing without it.
    pub returning: Option<&'w Part<'a>>,
    pub guard: Guard,
}

impl Asked<'_, '_> {
    /// The caller may know that there is such a table, and that these columns of it refer.
    fn told(&self, table: usize, columns: &[usize]) -> bool {
        let module = self.written.table.module_at;
        let hidden = &self.viewer.target(module, table).closed.read;
        self.viewer.sees(module, table) && !columns.iter().any(|at| hidden.contains(at))
    }
}

/// Nothing to set is nothing to do: `None`.
///
/// # Errors
/// As `insert::plan`; `21000` without a filter.
pub fn update(
    plans: &Plans,
    config: &Config,
    asked: &Asked<'_, '_>,
    body: &[u8],
    maker: &Maker<'_>,
) -> Result<Option<PlannedWrite>> {
    let (intent, target) = (asked.intent, &asked.written.table);
    let permit = &asked.written.permits.act;
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
    set.iter().try_for_each(|(at, value)| may_set(target, *at, value, permit.identity()))?;
    let places: Vec<usize> = set.iter().map(|(at, _)| *at).collect();
    let mut key = Key::new(Kind::Update, &asked.written.level.target);
    key.numbers(&places);
    let checks = judge::changed(plans, config, asked, &set)?;
    let prepared =
        plans.get_or_make(shaped(key, asked), || prepare(config, asked, Some(&places)))?;
    let new: Vec<Value> = set.iter().map(|(_, value)| value.clone()).collect();
    let values: Arc<[Value]> = read::values(config, &prepared, &intent.query, new)?.into();
    let referenced = referenced(config, asked, &values, &places, Some(&places))?;
    let rules = Arc::clone(&asked.written.rules);
    let bound = Bound { statement: Arc::clone(&prepared.statement), values, rules };
    let change = Change::Update(store_plan::Update { bound, set, referenced, checks });
    finish(plans, config, asked, &prepared, change).map(Some)
}

/// # Errors
/// As `update`.
pub fn delete(plans: &Plans, config: &Config, asked: &Asked<'_, '_>) -> Result<PlannedWrite> {
    let intent = asked.intent;
    filtered(config, intent, "DELETE")?;
    let key = Key::new(Kind::Delete, &asked.written.level.target);
    let prepared = plans.get_or_make(shaped(key, asked), || prepare(config, asked, None))?;
    let values: Arc<[Value]> = read::values(config, &prepared, &intent.query, Vec::new())?.into();
    let referenced = referenced(config, asked, &values, &[], None)?;
    let rules = Arc::clone(&asked.written.rules);
    let bound = Bound { statement: Arc::clone(&prepared.statement), values, rules };
    let change = Change::Delete(store_plan::Delete { bound, referenced });
    finish(plans, config, asked, &prepared, change)
}

/// # Errors
/// As `fill::may_write`, `may_change`, and the declared bounds.
fn may_set(target: &Target<'_>, at: usize, value: &Value, identity: &Identity) -> Result<()> {
    may_write(target, at, &target.closed.update, identity)?;
    may_change(target, at, identity)?;
    told(target, at, target.index.guards[at].check_change(target.table, at, value))
}

/// # Errors
/// `428C9` for columns that keep what the server put in.
fn may_change(target: &Target<'_>, at: usize, identity: &Identity) -> Result<()> {
    let column = &target.table.columns[at];
    if !column.readonly || identity.is_service() {
        return Ok(());
    }
    let message = format!("column \"{}\" can only be updated to DEFAULT", column.name);
    Err(Error::new(Code::GeneratedColumn, message)
        .details(format!("Column \"{}\" is read-only.", column.name)))
}

/// The safe-update guard: a change without a filter would touch every row.
fn filtered(config: &Config, intent: &Intent<'_>, verb: &str) -> Result<()> {
    if config.safe_update && intent.query.part.filters.is_empty() {
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
    let Asked { intent, written, returning, .. } = asked;
    key.part(&written.level, &intent.query.part).rule(written.act.as_ref());
    key.flag(returning.is_some());
    if let Some(part) = returning {
        key.select(&written.level, part);
    }
    key.shown(intent);
    key
}

fn prepare(config: &Config, asked: &Asked<'_, '_>, set: Option<&[usize]>) -> Result<Prepared> {
    let Asked { intent, written, returning, .. } = asked;
    let table = Arc::clone(written.table.table);
    let mut shaping = Shaping::new(config, &intent.query, set.map_or(0, <[usize]>::len));
    let filter = conditions::own(&written.level, &intent.query.part, &mut shaping)?;
    let filter = written.rows(filter);
    let mut shaping = shaping.shown(intent);
    let (exprs, outputs) = match returning {
        Some(part) => {
            let built = rows::build(&written.level, part, &mut shaping)?;
            (built.select.outputs, built.outputs)
        }
        None => (Vec::new(), Vec::new()),
    };
    let keys = || table.primary_key.columns.iter().copied().map(Expr::Column).collect();
    let returning = if written.rereads(*returning) { keys() } else { exprs };
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
        inputs: shaping.inputs,
        keyed: false,
        echo: None,
    })
}

/// Queries that tell, after a refusal, which row is still referenced and by what. An update asks
/// only for the keys that it changes.
fn referenced(
    config: &Config,
    asked: &Asked<'_, '_>,
    values: &Arc<[Value]>,
    set: &[usize],
    changed: Option<&[usize]>,
) -> Result<Vec<store_plan::Referenced>> {
    let (intent, target) = (asked.intent, &asked.written.table);
    let mut found = Vec::new();
    for (at, child) in target.module.tables.iter().enumerate() {
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
            let mut shaping = Shaping::new(config, &intent.query, set.len());
            let level = &asked.written.level;
            let filter = conditions::own(level, &intent.query.part, &mut shaping)?;
            let filter = asked.written.rows(filter);
            let statement: Arc<Statement> =
                Arc::new(sql::sqlite::referenced(target.table, &filter, child, &pairs));
            found.push(store_plan::Referenced {
                bound: Bound {
                    statement,
                    values: Arc::clone(values),
                    rules: Arc::clone(&asked.written.rules),
                },
                child: child.name.clone(),
                told: asked.told(at, &foreign_key.columns),
                constraint: foreign_key.name.clone(),
                columns: foreign_key.references.clone(),
            });
        }
    }
    Ok(found)
}

fn finish(
    plans: &Plans,
    config: &Config,
    asked: &Asked<'_, '_>,
    prepared: &Prepared,
    change: Change,
) -> Result<PlannedWrite> {
    let Asked { intent, written, returning, guard, .. } = asked;
    let reread = match returning.filter(|_| written.rereads(*returning)) {
        None => None,
        Some(part) => Some(match change {
            Change::Delete(_) => {
                Reread::Before(reread::before(plans, config, written, intent, part)?)
            }
            _ => Reread::Keys(reread::by_keys(plans, config, written, intent, part)?),
        }),
    };
    let (target, permit) = (&written.table, &written.permits.act);
    let plan = WritePlan {
        module: permit.module(),
        declared: Arc::clone(target.module),
        table: Arc::clone(target.table),
        change,
        guard: *guard,
        atomic: false,
        closed: target.closed.read.clone(),
        unseen: asked.viewer.unseen(target),
        addressed: Arc::clone(written.level.target.table),
        refusal: permit.identity().refusal(),
        reread,
    };
    Ok(PlannedWrite { plan, outputs: Arc::clone(&prepared.outputs) })
}
