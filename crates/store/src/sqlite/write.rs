//! Runs one write inside its savepoint: the rows, then what must hold afterwards. Errors of the
//! engine are worded by `violation`, which knows the row that broke the rule.

mod call;

use std::collections::HashSet;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Value;
use mainstay_schema::value::Stored;

use super::failure::Failure;
use super::gather::Gather;
use super::session::Session;
use super::violation::{self, Blame};
use crate::plan::{
    Bound, Change, InsertRun, Meeting, Referenced, Reread, Values, WritePlan, row_refused,
};
use crate::{RowView, Sink};

/// What a write did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub affected: u64,
    pub inserted: u64,
    /// Rows that were touched, of which fewer may have come back.
    pub given: Option<u64>,
    /// Rows that the filter keeps, where they were counted.
    pub total: Option<u64>,
}

impl Outcome {
    /// Fewer rows may come back than were touched.
    fn showing(self, shown: u64) -> Self {
        Self { affected: shown, given: Some(self.affected), ..self }
    }
}

pub(super) fn run(
    session: &Session<'_>,
    plan: &WritePlan,
    sink: &mut dyn Sink,
) -> Result<Outcome, Failure> {
    let outcome = match &plan.reread {
        None => apply(session, plan, sink)?,
        Some(Reread::Before(rows)) => {
            let shown = session.rows(&rows.statement, rows.values(), sink)?;
            apply(session, plan, &mut ())?.showing(shown)
        }
        Some(Reread::Keys(rows)) => {
            let mut keys = Gather::new(plan.table.primary_key.columns.len());
            let outcome = apply(session, plan, &mut keys)?;
            let mut values = rows.values.to_vec();
            if let Some(first) = values.first_mut() {
                *first = keys.finish();
            }
            let values = Values { given: &values, rules: &rows.rules };
            outcome.showing(session.rows(&rows.statement, values, sink)?)
        }
    };
    guard(plan, outcome)?;
    Ok(outcome)
}

fn apply(session: &Session<'_>, plan: &WritePlan, sink: &mut dyn Sink) -> Result<Outcome, Failure> {
    match &plan.change {
        Change::Insert(runs) => insert(session, plan, runs, sink),
        Change::Update(update) => {
            for check in &update.checks {
                if session.first(&check.statement, check.values())?.is_some() {
                    return Err(refused(plan).into());
                }
            }
            let set = update.set.as_slice();
            change(session, plan, &update.bound, &update.referenced, set, sink)
        }
        Change::Delete(delete) => {
            change(session, plan, &delete.bound, &delete.referenced, &[], sink)
        }
        Change::Call(call) => self::call::run(session, plan, call, sink),
    }
}

fn insert(
    session: &Session<'_>,
    plan: &WritePlan,
    runs: &[InsertRun],
    sink: &mut dyn Sink,
) -> Result<Outcome, Failure> {
    // The rules are asked of what was there before any row is added.
    for check in runs.iter().flat_map(|run| &run.checks) {
        if session.first(&check.statement, check.values())?.is_none() {
            return Err(refused(plan).into());
        }
    }
    for run in runs {
        for (at, row) in run.rows.iter().enumerate() {
            meet(session, plan, run, (at, row))?;
        }
    }
    let mut outcome = Outcome::default();
    for run in runs {
        let mut seen = HashSet::new();
        for row in &run.rows {
            let known = match &run.upsert {
                Some(upsert) => {
                    let target: Vec<Value> =
                        upsert.target.iter().map(|at| row[*at].clone()).collect();
                    // Nulls are never the same.
                    let meets = upsert.merges && !target.contains(&Value::Null);
                    if meets && !seen.insert(format!("{target:?}")) {
                        return Err(named_twice().into());
                    }
                    session.first(&upsert.probe, Values::given(&target))?.is_some()
                }
                None => false,
            };
            let returned = add(session, run, row, sink).map_err(|failure| {
                let row = run.columns.iter().copied().zip(row).collect();
                violation::explain(session, plan, Blame::Row(row), failure)
            })?;
            // A row that an upsert left alone changes nothing, but the counter of the statement
            // before it would still stand there.
            let skipped = known && run.upsert.as_ref().is_some_and(|upsert| !upsert.merges);
            let affected = if skipped { 0 } else { returned.max(session.connection.changes()) };
            outcome.affected += affected;
            outcome.inserted += if known { 0 } else { affected };
        }
    }
    Ok(outcome)
}

/// The rules on a row that is there already. Whoever may not see or change it learns no more than
/// that its key is taken. Rows of the same statement are not met here: they are the caller's own.
fn meet(
    session: &Session<'_>,
    plan: &WritePlan,
    run: &InsertRun,
    (at, row): (usize, &[Value]),
) -> Result<(), Failure> {
    let Some(upsert) = &run.upsert else { return Ok(()) };
    let asked = match run.meetings.get(at) {
        None | Some(Meeting::Free) => return Ok(()),
        Some(Meeting::Never) => None,
        Some(Meeting::Asked(bound)) => Some(bound),
    };
    let target: Vec<Value> = upsert.target.iter().map(|at| row[*at].clone()).collect();
    if session.first(&upsert.probe, Values::given(&target))?.is_none() {
        return Ok(());
    }
    if let Some(bound) = asked
        && session.first(&bound.statement, bound.values())?.is_some()
    {
        return Ok(());
    }
    let columns: Vec<usize> = upsert.target.iter().map(|place| run.columns[*place]).collect();
    Err(violation::taken(plan, &columns).into())
}

fn refused(plan: &WritePlan) -> Error {
    row_refused(plan.refusal, &plan.addressed.name)
}

/// Adds one row; what comes back is what was bound, where that is known.
fn add(
    session: &Session<'_>,
    run: &InsertRun,
    row: &[Value],
    sink: &mut dyn Sink,
) -> Result<u64, Failure> {
    let Some(places) = &run.echo else {
        return session.rows(&run.statement, Values::given(row), sink);
    };
    session.rows(&run.statement, Values::given(row), &mut ())?;
    sink.row(&Echo { row, places })?;
    Ok(1)
}

/// A new row as it was bound.
struct Echo<'r> {
    row: &'r [Value],
    places: &'r [Option<usize>],
}

impl RowView for Echo<'_> {
    fn get(&self, at: usize) -> Result<Stored<'_>> {
        let place = self.places.get(at).copied().flatten();
        Ok(place.and_then(|place| self.row.get(place)).map_or(Stored::Null, Value::as_stored))
    }
}

/// PostgreSQL's words for a key that stands twice in one upsert.
fn named_twice() -> Error {
    let message = "ON CONFLICT DO UPDATE command cannot affect row a second time";
    Error::new(Code::RowTwice, message).hint(
        "Ensure that no rows proposed for insertion within the same command have duplicate \
         constrained values.",
    )
}

fn change(
    session: &Session<'_>,
    plan: &WritePlan,
    bound: &Bound,
    referenced: &[Referenced],
    set: &[(usize, Value)],
    sink: &mut dyn Sink,
) -> Result<Outcome, Failure> {
    let done = session.rows(&bound.statement, bound.values(), sink);
    let returned = done.map_err(|failure| {
        let set = set.iter().map(|(at, value)| (*at, value)).collect();
        violation::explain(session, plan, Blame::Change { set, referenced }, failure)
    })?;
    let affected = returned.max(session.connection.changes());
    Ok(Outcome { affected, ..Outcome::default() })
}

fn guard(plan: &WritePlan, outcome: Outcome) -> Result<()> {
    let affected = outcome.affected;
    let touched = outcome.given.unwrap_or(affected);
    if plan.guard.max_affected.is_some_and(|most| touched > most) {
        let message = "Query result exceeds max-affected preference constraint";
        return Err(Error::new(Code::MaxAffectedExceeded, message)
            .details(format!("The query affects {touched} rows")));
    }
    if plan.guard.exactly_one && affected != 1 {
        return Err(not_singular(affected));
    }
    Ok(())
}

/// `PGRST116`: a single object was asked for.
#[must_use]
pub fn not_singular(rows: u64) -> Error {
    Error::new(Code::NotSingular, "Cannot coerce the result to a single JSON object")
        .details(format!("The result contains {rows} rows"))
}
