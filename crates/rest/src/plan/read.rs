//! Plans a read: rows, and the exact count where it is asked for.

use std::sync::Arc;

use mainstay_base::Result;
use mainstay_gate::Permit;
use mainstay_schema::Value;
use mainstay_store::plan::Lane;
use mainstay_store::query::{Given, Select};
use mainstay_store::{Bound, ReadPlan, sql};

use super::rows::{self, Shaping};
use super::shape::{Key, Kind};
use super::{Level, Output, Prepared, resolve, row_cap};
use crate::parse::{Intent, Query, Verb};
use crate::{Config, Plans};

/// A planned read, and what the renderer needs to know of it.
pub struct PlannedRead {
    pub plan: ReadPlan,
    pub outputs: Arc<[Output]>,
}

/// # Errors
/// What `rows` and `Input::read` refuse.
pub fn plan(
    plans: &Plans,
    config: &Config,
    level: &Level<'_>,
    rules: &Arc<[Value]>,
    permit: &Permit,
    intent: &Intent<'_>,
) -> Result<PlannedRead> {
    let counts = intent.prefer.count.is_some();
    let mut key = Key::new(Kind::Read, &level.target);
    key.part(level, &intent.query.part).flag(counts).shown(intent);
    let prepared = plans.get_or_make(key, || prepare(config, level, intent, counts))?;

    let mut values = values(config, &prepared, &intent.query, Vec::new())?;
    let limit = row_cap(config, intent.page.limit);
    values.extend([number(limit), number(intent.page.offset)]);
    let values: Arc<[Value]> = values.into();
    let bound = |statement: &Arc<_>| Bound {
        statement: Arc::clone(statement),
        values: Arc::clone(&values),
        rules: Arc::clone(rules),
    };
    let skips_rows = matches!(intent.verb, Verb::Read { head: true })
        && counts
        && limit > 0
        && intent.page == crate::parse::Page::default();
    let plan = ReadPlan {
        module: permit.module(),
        lane: if prepared.keyed && level.is_brief() { Lane::Keyed } else { Lane::Open },
        brief: None,
        before: Vec::new(),
        // A HEAD request for the count alone needs no rows.
        rows: (!skips_rows).then(|| bound(&prepared.statement)),
        count: prepared.count.as_ref().map(bound),
        limit,
        offset: intent.page.offset,
    };
    Ok(PlannedRead { plan, outputs: Arc::clone(&prepared.outputs) })
}

/// The values of a statement: those that come first, those of the filters, the pages of embeds.
///
/// # Errors
/// As `Input::read`.
pub fn values(
    config: &Config,
    prepared: &Prepared,
    query: &Query<'_>,
    mut values: Vec<Value>,
) -> Result<Vec<Value>> {
    values.reserve(prepared.inputs.len() + 2);
    for (input, given) in prepared.inputs.iter().zip(&query.values) {
        values.push(match input {
            Some(input) => input.read(given)?,
            None => Value::Null,
        });
    }
    rows::pages(&query.part, config, &mut values);
    Ok(values)
}

/// A bound number.
#[must_use]
pub fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn prepare(
    config: &Config,
    level: &Level<'_>,
    intent: &Intent<'_>,
    counts: bool,
) -> Result<Prepared> {
    let query = &intent.query;
    let mut shaping = Shaping::new(config, query, 0).shown(intent);
    let built = rows::build(level, &query.part, &mut shaping)?;
    let grouped = built.select.group.is_some();
    let unique = resolve::is_keyed(level.target.table, &built.select.filter);
    let keyed = unique && !grouped && level.is_to_one();
    let count = counts.then(|| Arc::new(sql::sqlite::count(&built.select)));
    let page = Some((Given(shaping.end()), Given(shaping.end() + 1)));
    let select = Select { keyed, page, ..built.select };
    Ok(Prepared {
        statement: Arc::new(sql::sqlite::select(&select)),
        count,
        outputs: built.outputs.into(),
        inputs: shaping.inputs,
        keyed,
        echo: None,
    })
}
