//! Plans new rows: the statements for what `fill` made of the body, and what happens when a row is
//! there already.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Value;
use mainstay_store::plan::{Change, Guard, InsertRun, Reread, Upsert};
use mainstay_store::query::{Conflict, Expr, Insert};
use mainstay_store::{WritePlan, sql};

use super::fill::{columns, fill, may_write, same_keys};
use super::made::Maker;
use super::rows::{self, Shaping};
use super::shape::{Key, Kind};
use super::viewer::Viewer;
use super::{Output, Prepared, Target, Written, reread, resolve};
use super::{body, judge};
use crate::parse::prefer::Resolution;
use crate::parse::{Intent, Part};
use crate::{Config, Plans};

/// A planned write, and what the renderer needs to know of it.
pub struct PlannedWrite {
    pub plan: WritePlan,
    pub outputs: Arc<[Output]>,
}

/// What an upsert goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Upserting {
    pub target: Vec<usize>,
    pub merges: bool,
}

/// Everything about an insert that is not a value.
pub struct Wanted<'w, 'a> {
    pub viewer: &'w Viewer<'w>,
    pub written: &'w Written<'w>,
    /// What comes back of each row; nothing without it.
    pub returning: Option<&'w Part<'a>>,
    pub upserting: Option<Upserting>,
    pub guard: Guard,
    /// The row that an upsert finds is not looked at: a hole, for the proof that it is found.
    pub blind: bool,
}

/// # Errors
/// `PGRST102` and `PGRST204` for the body, `42P10` for the conflict target, the types' codes and
/// those of the declared bounds.
pub fn plan(
    plans: &Plans,
    config: &Config,
    intent: &Intent<'_>,
    body: &[u8],
    wanted: &Wanted<'_, '_>,
    maker: &Maker<'_>,
) -> Result<PlannedWrite> {
    let target = &wanted.written.table;
    let only = columns(target, intent)?;
    let rows = body::read(target, intent.body_kind, body, only.as_deref())?;
    let sent = match only {
        Some(only) => only,
        None => same_keys(&rows.rows)?,
    };
    for at in merged(wanted, &sent, &sent) {
        let key = wanted.upserting.as_ref().is_some_and(|upserting| upserting.target.contains(&at));
        if !key {
            may_write(target, at, &target.closed.update, maker.identity())?;
        }
    }
    let mut outputs = None;
    let mut runs: Vec<InsertRun> = Vec::new();
    for cells in rows.rows {
        let (columns, values) = fill(target, &sent, cells, intent, maker)?;
        if runs.last().is_none_or(|run| *run.columns != *columns) {
            let (run, shown) = start(plans, config, intent, &sent, columns, wanted)?;
            outputs.get_or_insert(shown);
            runs.push(run);
        }
        if let Some(run) = runs.last_mut() {
            add(plans, wanted, &sent, run, values)?;
        }
    }
    let outputs = match outputs {
        Some(outputs) => outputs,
        None => shown(config, intent, wanted)?.1.into(),
    };
    let reread = match wanted.returning.filter(|_| wanted.rereads()) {
        None => None,
        Some(part) => {
            Some(Reread::Keys(reread::by_keys(plans, config, wanted.written, intent, part)?))
        }
    };
    Ok(finish(wanted, runs, outputs, reread))
}

fn finish(
    wanted: &Wanted<'_, '_>,
    runs: Vec<InsertRun>,
    outputs: Arc<[Output]>,
    reread: Option<Reread>,
) -> PlannedWrite {
    let (target, permit) = (&wanted.written.table, &wanted.written.permits.act);
    let casts = outputs.iter().any(|output| output.cast.is_some());
    let alone = matches!(runs.as_slice(), [run] if run.rows.len() == 1 && run.upsert.is_none());
    let atomic = alone && !casts && reread.is_none() && wanted.guard == Guard::default();
    let plan = WritePlan {
        module: permit.module(),
        declared: Arc::clone(target.module),
        table: Arc::clone(target.table),
        change: Change::Insert(runs),
        guard: wanted.guard,
        atomic,
        closed: target.closed.read.clone(),
        unseen: wanted.viewer.unseen(target),
        addressed: Arc::clone(wanted.written.level.target.table),
        refusal: permit.identity().refusal(),
        reread,
    };
    PlannedWrite { plan, outputs }
}

/// A new run: its statement is made or remembered.
fn start(
    plans: &Plans,
    config: &Config,
    intent: &Intent<'_>,
    sent: &[usize],
    columns: Vec<usize>,
    wanted: &Wanted<'_, '_>,
) -> Result<(InsertRun, Arc<[Output]>)> {
    let (target, rereads) = (&wanted.written.table, wanted.rereads());
    let update = merged(wanted, sent, &columns);
    let upsert = upsert(target, wanted, &columns);
    // A row that only the database could find cannot be judged before it is met: a conflict.
    let meets = upsert.is_some() || !judge::judges_meetings(wanted);
    let mut key = Key::new(Kind::Insert, &wanted.written.level.target);
    key.numbers(&columns).numbers(&update).flag(rereads).flag(wanted.returning.is_some());
    if let Some(part) = wanted.returning {
        key.select(&wanted.written.level, part).shown(intent);
    }
    key.flag(wanted.upserting.is_some()).flag(meets);
    if let Some(upserting) = &wanted.upserting {
        key.numbers(&upserting.target).flag(upserting.merges);
    }
    let prepared = plans.get_or_make(key, || {
        let conflict = wanted.upserting.as_ref().filter(|_| meets).map(|upserting| Conflict {
            target: upserting.target.clone(),
            update: upserting.merges.then(|| update.clone()),
        });
        prepare(config, intent, wanted, &columns, conflict)
    })?;
    let run = InsertRun {
        statement: Arc::clone(&prepared.statement),
        echo: prepared.echo.clone(),
        upsert,
        columns: columns.into(),
        rows: Vec::new(),
        checks: Vec::new(),
        meetings: Vec::new(),
    };
    Ok((run, Arc::clone(&prepared.outputs)))
}

fn prepare(
    config: &Config,
    intent: &Intent<'_>,
    wanted: &Wanted<'_, '_>,
    columns: &[usize],
    conflict: Option<Conflict>,
) -> Result<Prepared> {
    let (target, rereads) = (&wanted.written.table, wanted.rereads());
    let (exprs, outputs) = shown(config, intent, wanted)?;
    let echo = echo(target, &exprs, columns).filter(|_| !rereads && wanted.upserting.is_none());
    let keys = || target.table.primary_key.columns.iter().copied().map(Expr::Column).collect();
    let insert = Insert {
        table: Arc::clone(target.table),
        columns: columns.to_vec(),
        conflict,
        returning: match (rereads, &echo) {
            (true, _) => keys(),
            (false, Some(_)) => Vec::new(),
            (false, None) => exprs,
        },
    };
    Ok(Prepared {
        statement: Arc::new(sql::sqlite_write::insert(&insert)),
        count: None,
        outputs: outputs.into(),
        inputs: Vec::new(),
        keyed: false,
        echo,
    })
}

/// Columns of a row that is there that take the new row's value. What the server fills in by itself
/// stays as it is.
fn merged(wanted: &Wanted<'_, '_>, sent: &[usize], columns: &[usize]) -> Vec<usize> {
    let service = wanted.written.permits.act.identity().is_service();
    let table = wanted.written.table.table;
    // The columns by which the row is found are equal already, but for a collation's sake.
    let kept = |at: &usize| {
        let found_by = wanted.upserting.as_ref().is_some_and(|one| one.target.contains(at));
        found_by && wanted.written.table.closed.update.contains(at)
    };
    let changes =
        |at: &usize| columns.contains(at) && (service || !table.columns[*at].readonly) && !kept(at);
    match &wanted.upserting {
        Some(upserting) if upserting.merges => sent.iter().copied().filter(changes).collect(),
        _ => Vec::new(),
    }
}

/// One more row of a run, judged by the rules.
fn add(
    plans: &Plans,
    wanted: &Wanted<'_, '_>,
    sent: &[usize],
    run: &mut InsertRun,
    values: Vec<Value>,
) -> Result<()> {
    let columns = Arc::clone(&run.columns);
    let known = |at: usize| {
        let place = columns.iter().position(|column| *column == at);
        place.and_then(|place| values.get(place))
    };
    run.checks.extend(judge::created(plans, wanted, sent, &known)?);
    if let Some(upserting) = wanted.upserting.as_ref().filter(|_| run.upsert.is_some()) {
        let update = merged(wanted, sent, &columns);
        run.meetings.push(judge::meeting(plans, wanted, upserting, &update, &known)?);
    }
    run.rows.push(values);
    Ok(())
}

/// Where each value that comes back stands in the row that is bound; `None` when the database has
/// a say in one of them: numbers, computes, defaults or triggers.
fn echo(target: &Target<'_>, exprs: &[Expr], columns: &[usize]) -> Option<Arc<[Option<usize>]>> {
    if exprs.is_empty() || target.table.adopted {
        return None;
    }
    let place = |expr: &Expr| {
        let Expr::Column(at) = expr else { return None };
        let column = &target.table.columns[*at];
        let bound = columns.iter().position(|known| known == at);
        let empty = column.default.is_none() && column.generated.is_none();
        // A number that the database makes also stands in for a null that is bound.
        match bound {
            _ if column.identity.is_some() => None,
            Some(place) => Some(Some(place)),
            None if empty => Some(None),
            None => None,
        }
    };
    exprs.iter().map(place).collect()
}

/// What tells an update from an insert, where the target is known before.
fn upsert(target: &Target<'_>, wanted: &Wanted<'_, '_>, columns: &[usize]) -> Option<Upsert> {
    let upserting = wanted.upserting.as_ref()?;
    let place = |at: &usize| columns.iter().position(|column| column == at);
    let places: Option<Vec<usize>> = upserting.target.iter().map(place).collect();
    Some(Upsert {
        probe: Arc::new(sql::sqlite_write::probe(target.table, &upserting.target)),
        target: places?,
        merges: upserting.merges,
    })
}

fn shown(
    config: &Config,
    intent: &Intent<'_>,
    wanted: &Wanted<'_, '_>,
) -> Result<(Vec<Expr>, Vec<Output>)> {
    let Some(part) = wanted.returning else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut shaping = Shaping::new(config, &intent.query, 0).shown(intent);
    let built = rows::build(&wanted.written.level, part, &mut shaping)?;
    Ok((built.select.outputs, built.outputs))
}

impl Wanted<'_, '_> {
    fn rereads(&self) -> bool {
        self.written.rereads(self.returning)
    }
}

/// The upsert that preferences and `on_conflict` ask for.
///
/// # Errors
/// `42P10` when no unique constraint covers the target, `42703` for an unknown column.
pub fn upserting(target: &Target<'_>, intent: &Intent<'_>) -> Result<Option<Upserting>> {
    let Some(resolution) = intent.prefer.resolution else {
        return Ok(None);
    };
    let columns = match &intent.query.on_conflict {
        Some(names) => {
            names.iter().map(|name| resolve::column(target, name)).collect::<Result<Vec<_>>>()?
        }
        None => target.table.primary_key.columns.clone(),
    };
    if columns.is_empty() {
        return Ok(None);
    }
    if !target.table.is_unique(&columns) {
        let message =
            "there is no unique or exclusion constraint matching the ON CONFLICT specification";
        return Err(Error::new(Code::ConflictTargetInvalid, message));
    }
    Ok(Some(Upserting { target: columns, merges: resolution == Resolution::Merge }))
}
