//! Plans calls of declared functions: arguments become values, the function's statements stand as
//! they were written, and the rows of the last one are a source like any other.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_gate::CallPermit;
use mainstay_schema::Value;
use mainstay_schema::model::{CompiledFunction, FunctionResult};
use mainstay_store::plan::{CALLER_FACTS, Call, Change, Gathered, Guard, Lane};
use mainstay_store::query::{Given, Rows, Select, Source};
use mainstay_store::{Bound, ReadPlan, Statement, WritePlan, sql};

use super::arguments::Arguments;
use super::index::FunctionIndex;
use super::rows::{self, Shaping};
use super::shape::{Key, Kind};
use super::{Level, Output, Prepared, Target, read, row_cap};
use crate::parse::{Intent, Part};
use crate::{Config, Plans};

/// A function that may be called, and what its rows are asked.
pub struct Called<'a> {
    pub permit: CallPermit,
    pub index: &'a FunctionIndex,
    pub compiled: &'a CompiledFunction,
    /// Its result as a source; the level below it has the embeds.
    pub level: Level<'a>,
    /// Values of the rules of all levels.
    pub rules: Arc<[Value]>,
}

/// A planned call.
pub struct PlannedCall {
    pub work: CallWork,
    pub outputs: Arc<[Output]>,
}

/// What the store is to do for it.
pub enum CallWork {
    Read(ReadPlan),
    Write(WritePlan),
}

/// Where the rows of a function come from: its own last query, or what was gathered of it.
#[must_use]
pub fn source_rows(compiled: &CompiledFunction, arguments: usize) -> Rows {
    match (compiled.statements.last(), answers_by_query(compiled)) {
        (Some(last), true) => {
            let named = matches!(compiled.result, FunctionResult::Rows { .. });
            Rows::Query { pieces: last.clone().into(), first: 0, named }
        }
        _ => Rows::Json(Given(CALLER_FACTS + arguments)),
    }
}

/// The last statement is a query whose rows are the answer, and nothing writes.
fn answers_by_query(compiled: &CompiledFunction) -> bool {
    compiled.read_only && compiled.query && compiled.result != FunctionResult::Void
}

/// # Errors
/// What `rows` and `Input::read` refuse; `PGRST128` for `max-affected` on what is no set.
pub fn plan(
    plans: &Plans,
    config: &Config,
    called: &Called<'_>,
    arguments: Arguments,
    intent: &Intent<'_>,
    guard: Guard,
) -> Result<PlannedCall> {
    let set = is_set(&called.compiled.result);
    if guard.max_affected.is_some() && !set {
        let message = "Function must return SETOF or TABLE when max-affected preference is used \
                       with handling=strict";
        return Err(Error::new(Code::MaxAffectedUnfit, message));
    }
    let part = asked(&called.compiled.result, &intent.query.part);
    let counts = intent.prefer.count.is_some() && set;
    let mut key = Key::new(Kind::Call, &called.level.target);
    key.number(called.index.at).part(&called.level, &part).flag(counts).shown(intent);
    let prepared = plans.get_or_make(key, || prepare(config, called, intent, &part, counts))?;

    let mut first = arguments.0;
    if matches!(called.level.target.rows, Rows::Json(_)) {
        first.push(Value::Null);
    }
    let mut values = read::values(config, &prepared, &intent.query, first)?;
    let limit = row_cap(config, intent.page.limit);
    values.extend([read::number(limit), read::number(intent.page.offset)]);
    let values: Arc<[Value]> = values.into();
    let void = called.compiled.result == FunctionResult::Void;
    let reads_only = answers_by_query(called.compiled) || (void && called.compiled.read_only);
    let work = match reads_only {
        true => CallWork::Read(reads(called, &prepared, &values, (limit, intent.page.offset))),
        false => {
            let page = (guard, intent.page.offset);
            CallWork::Write(writes(called, &prepared, &values, page))
        }
    };
    Ok(PlannedCall { work, outputs: Arc::clone(&prepared.outputs) })
}

/// A value that stands alone has no columns to choose from.
fn asked<'p, 'a>(result: &FunctionResult, part: &'p Part<'a>) -> std::borrow::Cow<'p, Part<'a>> {
    match result {
        FunctionResult::Rows { .. } => std::borrow::Cow::Borrowed(part),
        _ => std::borrow::Cow::Owned(Part { select: None, ..part.clone() }),
    }
}

/// Several rows may come back.
#[must_use]
pub fn is_set(result: &FunctionResult) -> bool {
    matches!(
        result,
        FunctionResult::Scalar { set: true, .. } | FunctionResult::Rows { set: true, .. }
    )
}

fn prepare(
    config: &Config,
    called: &Called<'_>,
    intent: &Intent<'_>,
    part: &Part<'_>,
    counts: bool,
) -> Result<Prepared> {
    let own = CALLER_FACTS + called.index.arguments.len();
    let gathered = usize::from(matches!(called.level.target.rows, Rows::Json(_)));
    let mut shaping = Shaping::new(config, &intent.query, own + gathered).shown(intent);
    let built = rows::build(&called.level, part, &mut shaping)?;
    let count = counts.then(|| Arc::new(sql::sqlite::count(&built.select)));
    let page = Some((Given(shaping.end()), Given(shaping.end() + 1)));
    let select = Select { page, ..built.select };
    Ok(Prepared { count, ..Prepared::select(&select, built.outputs, shaping.inputs) })
}

/// Everything in one snapshot; the statements before the last may only refuse, and those of a
/// function that gives nothing all do.
fn reads(
    called: &Called<'_>,
    prepared: &Prepared,
    values: &Arc<[Value]>,
    (limit, offset): (u64, u64),
) -> ReadPlan {
    let bound = |statement: &Arc<Statement>| Bound {
        statement: Arc::clone(statement),
        values: Arc::clone(values),
        rules: Arc::clone(&called.rules),
    };
    let shows = called.compiled.result != FunctionResult::Void;
    let statements = called.index.statements.as_slice();
    let before = &statements[..statements.len() - usize::from(shows && !statements.is_empty())];
    ReadPlan {
        module: called.permit.module(),
        lane: Lane::Open,
        brief: Some(Arc::clone(&called.index.slow)),
        before: before.iter().map(bound).collect(),
        rows: shows.then(|| bound(&prepared.statement)),
        count: prepared.count.as_ref().map(bound),
        limit,
        offset,
    }
}

fn writes(
    called: &Called<'_>,
    prepared: &Prepared,
    values: &Arc<[Value]>,
    (guard, offset): (Guard, u64),
) -> WritePlan {
    let bound = |statement: &Arc<Statement>| Bound {
        statement: Arc::clone(statement),
        values: Arc::clone(values),
        rules: Arc::clone(&called.rules),
    };
    let target: &Target<'_> = &called.level.target;
    let rows = (called.compiled.result != FunctionResult::Void).then(|| Gathered {
        columns: Arc::clone(&called.index.columns),
        place: CALLER_FACTS + called.index.arguments.len(),
        shown: bound(&prepared.statement),
        count: prepared.count.as_ref().map(bound),
        offset,
    });
    let statements = called.index.statements.iter().map(bound).collect();
    WritePlan {
        module: called.permit.module(),
        declared: Arc::clone(target.module),
        table: Arc::clone(target.table),
        change: Change::Call(Call { statements, rows }),
        guard,
        closed: Vec::new(),
        unseen: Vec::new(),
        addressed: Arc::clone(target.table),
        // The statements of a function are not bound by the rules of tables.
        refusal: Code::Forbidden,
        atomic: false,
        reread: None,
    }
}

/// The result of a function as a source.
#[must_use]
pub fn source(index: &FunctionIndex, rows: Rows) -> Source {
    Source { table: Arc::clone(&index.table), rows }
}
