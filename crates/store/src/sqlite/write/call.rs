//! Runs the statements of a function inside one savepoint: all of them happen, or none. The rows of
//! the last one are gathered and then asked as the caller wants them.

use mainstay_base::{Code, Error};

use super::super::failure::Failure;
use super::super::gather::Gather;
use super::super::session::Session;
use super::super::violation;
use super::Outcome;
use crate::Sink;
use crate::plan::{Bound, Call, Gathered, Values, WritePlan};

pub(super) fn run(
    session: &Session<'_>,
    plan: &WritePlan,
    call: &Call,
    sink: &mut dyn Sink,
) -> Result<Outcome, Failure> {
    let step = |bound: &Bound, sink: &mut dyn Sink| {
        session
            .rows(&bound.statement, bound.values(), sink)
            .map_err(|failure| violation::in_function(&plan.declared, failure))
    };
    let Some((last, before)) = call.statements.split_last() else {
        return Ok(Outcome::default());
    };
    for bound in before {
        step(bound, &mut ())?;
    }
    let Some(gathered) = &call.rows else {
        step(last, &mut ())?;
        return Ok(Outcome::default());
    };
    let mut rows = Gather::of(places(session, last, &gathered.columns)?);
    step(last, &mut rows)?;
    shown(session, gathered, rows, sink)
}

/// Where the wanted columns stand in a row of the statement.
fn places(session: &Session<'_>, bound: &Bound, wanted: &[String]) -> Result<Vec<usize>, Failure> {
    let statement = session.connection.prepare_cached(&bound.statement.sql)?;
    let names: Vec<&str> = statement.column_names().collect();
    let place = |(at, name): (usize, &String)| {
        // A lone value has no name that matters.
        names.iter().position(|known| *known == name).unwrap_or(at)
    };
    Ok(wanted.iter().enumerate().map(place).collect())
}

fn shown(
    session: &Session<'_>,
    gathered: &Gathered,
    rows: Gather,
    sink: &mut dyn Sink,
) -> Result<Outcome, Failure> {
    let given = Some(rows.rows);
    let mut values = gathered.shown.values.to_vec();
    if let Some(place) = values.get_mut(gathered.place) {
        *place = rows.finish();
    }
    let values = Values { given: &values, rules: &gathered.shown.rules };
    let count = gathered.count.as_ref();
    let total = count.map(|count| session.number(&count.statement, values)).transpose()?;
    if let Some(total) = total.filter(|total| gathered.offset > *total) {
        return Err(beyond(gathered.offset, total).into());
    }
    let affected = session.rows(&gathered.shown.statement, values, sink)?;
    Ok(Outcome { affected, given, total, ..Outcome::default() })
}

/// `PGRST103`, inside the transaction: what is refused has not happened.
fn beyond(offset: u64, total: u64) -> Error {
    Error::new(Code::RangeUnsatisfiable, "Requested range not satisfiable")
        .details(format!("An offset of {offset} was requested, but there are only {total} rows."))
}
