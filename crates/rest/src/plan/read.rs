//! Plans a read: rows, and the exact count where it is asked for.

use std::sync::Arc;

use mainstay_base::Result;
use mainstay_gate::Permit;
use mainstay_schema::Value;
use mainstay_store::plan::Lane;
use mainstay_store::query::{Count, Given, Select};
use mainstay_store::{Bound, ReadPlan, sql};

use super::shape::{Key, Kind};
use super::{Output, Prepared, Target, resolve, row_cap};
use crate::parse::{Intent, Verb};
use crate::{Config, Plans};

/// A planned read, and what the renderer needs to know of it.
pub struct PlannedRead {
    pub plan: ReadPlan,
    pub outputs: Arc<[Output]>,
}

/// # Errors
/// What `resolve` and `Input::read` refuse.
pub fn plan(
    plans: &Plans,
    config: &Config,
    target: &Target<'_>,
    permit: &Permit,
    intent: &Intent<'_>,
) -> Result<PlannedRead> {
    let query = &intent.query;
    let counts = intent.prefer.count.is_some();
    let mut key = Key::new(Kind::Read, target);
    key.select(query.select.as_deref()).filters(&query.filters).order(&query.order).flag(counts);
    let prepared = plans.get_or_make(key, || prepare(target, intent, counts))?;

    let mut values = Vec::with_capacity(prepared.inputs.len() + 2);
    for (input, given) in prepared.inputs.iter().zip(&query.values) {
        values.push(input.read(given)?);
    }
    let limit = row_cap(config, intent.page.limit);
    let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    values.extend([number(limit), number(intent.page.offset)]);
    let values: Arc<[Value]> = values.into();
    let bound = |statement: &Arc<_>| Bound {
        statement: Arc::clone(statement),
        values: Arc::clone(&values),
    };
    let skips_rows = matches!(intent.verb, Verb::Read { head: true })
        && counts
        && limit > 0
        && intent.page == crate::parse::Page::default();
    let plan = ReadPlan {
        module: permit.module(),
        lane: if prepared.keyed { Lane::Keyed } else { Lane::Open },
        // A HEAD request for the count alone needs no rows.
        rows: (!skips_rows).then(|| bound(&prepared.statement)),
        count: prepared.count.as_ref().map(bound),
        limit,
        offset: intent.page.offset,
    };
    Ok(PlannedRead { plan, outputs: Arc::clone(&prepared.outputs) })
}

fn prepare(target: &Target<'_>, intent: &Intent<'_>, counts: bool) -> Result<Prepared> {
    let query = &intent.query;
    let (exprs, outputs) = resolve::outputs(target, query.select.as_deref())?;
    let mut inputs = Vec::new();
    let filter = resolve::filter(target, &query.filters, 0, &mut inputs)?;
    let order = resolve::order(target, &query.order)?;
    let keyed = resolve::is_keyed(target.table, &filter);
    let count = counts.then(|| {
        let count = Count { table: Arc::clone(target.table), filter: filter.clone() };
        Arc::new(sql::sqlite::count(&count))
    });
    let page = Some((Given(inputs.len()), Given(inputs.len() + 1)));
    let table = Arc::clone(target.table);
    let select = Select { table, outputs: exprs, filter, order, keyed, page };
    Ok(Prepared {
        statement: Arc::new(sql::sqlite::select(&select)),
        count,
        outputs: outputs.into(),
        inputs,
        keyed,
        echo: None,
    })
}
