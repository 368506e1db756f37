//! Rows as they will be, judged by the rules: what is known decides here, before the database is
//! asked; what depends on other rows becomes a statement that the store runs before the write.

use std::sync::Arc;

use mainstay_base::{Error, Result};
use mainstay_gate::Permit;
use mainstay_schema::model::Default;
use mainstay_schema::rule::{Cell, Check, Const, Residual, Verdict};
use mainstay_schema::{Column, Value};
use mainstay_store::plan::Meeting;
use mainstay_store::query::{Expr, Filter, Given, Operand, Select, Test};
use mainstay_store::{Bound, sql};

use super::change::Asked;
use super::insert::{Upserting, Wanted};
use super::rows::Shaping;
use super::shape::{Key, Kind};
use super::through::Permits;
use super::{Prepared, Written, conditions, read, rulings};
use crate::{Config, Plans};

/// Values of the row, by column of the table that is written.
pub type Known<'k> = dyn Fn(usize) -> Option<&'k Value> + 'k;

/// What must hold of a row besides what is known already; `Err` where it cannot.
type Judged = std::result::Result<Vec<Arc<Residual>>, ()>;

/// Judges a new row: by the rule to create, by the rules of the columns that were sent, and by the
/// rule to read where the row comes back.
///
/// # Errors
/// `42501`
pub fn created(
    plans: &Plans,
    wanted: &Wanted<'_, '_>,
    sent: &[usize],
    known: &Known<'_>,
) -> Result<Vec<Bound>> {
    let written = wanted.written;
    let stored = |at: usize| new_cell(&written.table.table.columns[at], known(at));
    let row = |at: usize| written.stored_column(at).map_or(Cell::Unknown, stored);
    let mut judging = Judging::default();
    judging.add(written.permits.act.check(), |check| check.judge(&row));
    for (at, check) in &written.table.closed.create_checks {
        judging.add(Some(check).filter(|_| sent.contains(at)), |check| check.judge(&stored));
    }
    let read = written.permits.read.as_ref().and_then(Permit::check);
    judging.add(read.filter(|_| wanted.returning.is_some()), |check| check.judge_as_row(&row));
    let residuals = judging.done().map_err(|()| refused(written))?;
    residuals.iter().map(|residual| alone(plans, residual)).collect()
}

/// A statement that gives a row when the residual holds; it looks at no row of the table.
fn alone(plans: &Plans, residual: &Arc<Residual>) -> Result<Bound> {
    let mut key = Key::bare(Kind::Check);
    let (ruled, rules) = rulings::behind(&[], residual);
    key.rule(Some(&ruled));
    let prepared =
        plans.get_or_make(key, || Ok(Prepared::statement(sql::sqlite::holds(&ruled))))?;
    Ok(Bound { statement: Arc::clone(&prepared.statement), values: Arc::default(), rules })
}

/// Some rule has a say in what an upsert does to a row that is there.
pub fn judges_meetings(wanted: &Wanted<'_, '_>) -> bool {
    let Permits { read, update, .. } = &wanted.written.permits;
    let ruled = |permit: &Option<Permit>| {
        permit.as_ref().is_some_and(|permit| permit.rows().is_some() || permit.check().is_some())
    };
    ruled(read) || ruled(update) || !wanted.written.table.closed.update_checks.is_empty()
}

/// What a new row that meets one that is there may do with it. Whoever may not see or change that
/// row is told of a plain conflict.
///
/// # Errors
/// When a statement cannot be planned.
pub fn meeting(
    plans: &Plans,
    wanted: &Wanted<'_, '_>,
    upserting: &Upserting,
    update: &[usize],
    known: &Known<'_>,
) -> Result<Meeting> {
    let written = wanted.written;
    let values: Option<Vec<Value>> =
        upserting.target.iter().map(|at| known(*at).cloned()).collect();
    if wanted.blind || !judges_meetings(wanted) {
        return Ok(Meeting::Free);
    }
    let Some(values) = values else { return Ok(Meeting::Never) };
    match met(wanted, upserting, update, known) {
        Err(()) => Ok(Meeting::Never),
        Ok(residuals) if residuals.is_empty() => Ok(Meeting::Free),
        Ok(residuals) => one_of(plans, written, &upserting.target, values, &residuals),
    }
}

/// What must hold of the row that is there: it may be read, and, where it is changed, become this.
fn met(
    wanted: &Wanted<'_, '_>,
    upserting: &Upserting,
    update: &[usize],
    known: &Known<'_>,
) -> Judged {
    let written = wanted.written;
    let columns = &written.table.table.columns;
    let cell = |at: usize| match known(at).filter(|_| update.contains(&at)) {
        Some(value) => value_cell(&columns[at], value),
        None => old_cell(&columns[at], !update.is_empty()),
    };
    let mut judging = Judging::default();
    let rows = |permit: Option<&Permit>| permit.and_then(Permit::rows).cloned();
    let read = written.permits.read.as_ref();
    judging.left.extend(rows(read));
    if !upserting.merges {
        return judging.done();
    }
    let change = written.permits.update.as_ref();
    judging.left.extend(rows(change));
    judging.add(change.and_then(Permit::check), |check| check.judge(&cell));
    for (at, check) in &written.table.closed.update_checks {
        // The columns by which the rows meet do not change.
        let changes = update.contains(at) && !upserting.target.contains(at);
        judging.add(Some(check).filter(|_| changes), |check| check.judge(&cell));
    }
    let touched = |check: &&Check| update.iter().any(|at| check.looks_at(*at));
    let shown = read.and_then(Permit::check).filter(|_| wanted.returning.is_some());
    judging.add(shown.filter(touched), |check| check.judge_as_row(&cell));
    judging.done()
}

/// Asks for a row with these values in the columns of the target, for which all of it holds.
fn one_of(
    plans: &Plans,
    written: &Written<'_>,
    target: &[usize],
    values: Vec<Value>,
    residuals: &[Arc<Residual>],
) -> Result<Meeting> {
    let mut key = Key::new(Kind::Check, &written.table);
    key.text("meeting").numbers(target);
    let mut rules: Vec<Value> = Vec::new();
    let mut filter = Filter::NONE;
    for (place, at) in target.iter().enumerate() {
        let given = Operand::Given(Given(place));
        filter = filter.and(Filter::Test(Expr::Column(*at), Test::Eq, given));
    }
    for residual in residuals {
        let (ruled, all) = rulings::behind(&rules, residual);
        key.rule(Some(&ruled));
        filter = filter.and(Filter::Rule(ruled));
        rules = all.to_vec();
    }
    let prepared = plans.get_or_make(key, || {
        let select = Select { filter, ..Select::all(written.table.source(), Vec::new()) };
        Ok(Prepared::statement(sql::sqlite::any(&select)))
    })?;
    let statement = Arc::clone(&prepared.statement);
    Ok(Meeting::Asked(Bound { statement, values: values.into(), rules: rules.into() }))
}

/// Statements that give a row when one of those that an update finds may not become what it would.
///
/// # Errors
/// As `conditions::own`.
pub fn changed(
    plans: &Plans,
    config: &Config,
    asked: &Asked<'_, '_>,
    set: &[(usize, Value)],
) -> Result<Vec<Bound>> {
    let written = asked.written;
    let columns = &written.table.table.columns;
    let stored = |at: usize| match set.iter().find(|(known, _)| *known == at) {
        Some((_, value)) => value_cell(&columns[at], value),
        None => old_cell(&columns[at], !set.is_empty()),
    };
    let row = |at: usize| written.stored_column(at).map_or(Cell::Unknown, stored);
    let mut judging = Judging::default();
    judging.add(written.permits.act.check(), |check| check.judge(&row));
    let read = written.permits.read.as_ref().and_then(Permit::check);
    let level = &written.level.target.table.columns;
    let touched = |check: &&Check| {
        (0..level.len()).any(|at| check.looks_at(at) && !matches!(row(at), Cell::Same))
    };
    let read = read.filter(|_| asked.returning.is_some()).filter(touched);
    judging.add(read, |check| check.judge_as_row(&row));
    let mut of_columns = Judging::default();
    for (at, check) in &written.table.closed.update_checks {
        let sets = set.iter().any(|(known, _)| known == at);
        of_columns.add(Some(check).filter(|_| sets), |check| check.judge(&stored));
    }
    let broken = |whose, rule| broken(plans, config, asked, whose, rule);
    let (Ok(addressed), Ok(changed)) = (judging.done(), of_columns.done()) else {
        return Ok(vec![broken(Whose::Addressed, None)?]);
    };
    let addressed = addressed.iter().map(|rule| broken(Whose::Addressed, Some(rule)));
    addressed.chain(changed.iter().map(|rule| broken(Whose::Changed, Some(rule)))).collect()
}

/// Whose columns a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// Of the level that was addressed, which may be a view.
    Addressed,
    /// Of the table.
    Changed,
}

/// Finds a row for which the residual does not hold; any row without one.
fn broken(
    plans: &Plans,
    config: &Config,
    asked: &Asked<'_, '_>,
    whose: Whose,
    residual: Option<&Arc<Residual>>,
) -> Result<Bound> {
    let Asked { intent, written, .. } = asked;
    let part = &intent.query.part;
    let found = residual.map(|residual| rulings::behind(&written.rules, residual));
    let mut key = Key::new(Kind::Check, &written.level.target);
    key.text("broken").part(&written.level, part).rule(written.act.as_ref());
    key.rule(found.as_ref().map(|(ruled, _)| ruled)).flag(whose == Whose::Changed);
    let prepared = plans.get_or_make(key, || {
        let mut shaping = Shaping::new(config, &intent.query, 0);
        let own = conditions::own(&written.level, part, &mut shaping)?;
        let (source, mut filter) = match whose {
            Whose::Addressed => (written.level.target.source(), written.found(own)),
            Whose::Changed => (written.table.source(), written.rows(own)),
        };
        if let Some((ruled, _)) = &found {
            filter = filter.and(Filter::Broken(ruled.clone()));
        }
        let select = Select { filter, ..Select::all(source, Vec::new()) };
        Ok(Prepared { inputs: shaping.inputs, ..Prepared::statement(sql::sqlite::any(&select)) })
    })?;
    let values = read::values(config, &prepared, &intent.query, Vec::new())?.into();
    let rules = found.map_or_else(|| Arc::clone(&written.rules), |(_, rules)| rules);
    Ok(Bound { statement: Arc::clone(&prepared.statement), values, rules })
}

/// PostgreSQL's words for a row that the rules do not allow.
pub fn refused(written: &Written<'_>) -> Error {
    mainstay_store::plan::row_refused(
        written.permits.act.identity().refusal(),
        &written.level.target.table.name,
    )
}

#[derive(Default)]
struct Judging {
    left: Vec<Arc<Residual>>,
    denied: bool,
}

impl Judging {
    fn add(&mut self, check: Option<&Check>, judge: impl FnOnce(&Check) -> Verdict) {
        match check.map(judge) {
            None | Some(Verdict::Holds) => {}
            Some(Verdict::Denies) => self.denied = true,
            Some(Verdict::Depends(residual)) => self.left.push(residual),
        }
    }

    fn done(self) -> Judged {
        if self.denied { Err(()) } else { Ok(self.left) }
    }
}

/// A column of a row that is made.
fn new_cell(column: &Column, value: Option<&Value>) -> Cell {
    match value {
        Some(Value::Null) if column.identity.is_some() => Cell::Unknown,
        Some(value) => value_cell(column, value),
        None if made_by_database(column) => Cell::Unknown,
        None => Cell::Value(Const::Null),
    }
}

/// A column of a row that is changed, and that is not among those set.
fn old_cell(column: &Column, changes: bool) -> Cell {
    if changes && column.generated.is_some() { Cell::Unknown } else { Cell::Same }
}

fn value_cell(column: &Column, value: &Value) -> Cell {
    Const::from_stored(value, &column.ty).map_or(Cell::Unknown, Cell::Value)
}

fn made_by_database(column: &Column) -> bool {
    let sql = matches!(column.default, Some(Default::Sql(_)));
    sql || column.identity.is_some() || column.generated.is_some()
}
