//! From an intent to work for the store: who may do it, what exactly it is, and how its answer
//! becomes a response. Pure: the same work runs alone, in a batch, or under an idempotency key.

mod call;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, Uri};
use mainstay_base::{Code, Error, Instant, Result};
use mainstay_gate::{Action, Caller, Identity, Weakness};
use mainstay_store::plan::Guard;
use mainstay_store::{ReadPlan, Transaction, WritePlan};

use crate::parse::prefer::{Resolution, Returning, Tx};
use crate::parse::select::Column;
use crate::parse::{Intent, Item, Part, Resource, Verb, accept};
use crate::plan::insert::{self, PlannedWrite, Wanted};
use crate::plan::made::Maker;
use crate::plan::rulings::Rulings;
use crate::plan::through::Permits;
use crate::plan::viewer::Viewer;
use crate::plan::{self, Level, Target, Written, change};
use crate::render::{Finish, Head, JsonRows};
use crate::{Rest, parse, render};

/// A request whose caller is known.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    /// Below `/rest/v1`, decoded.
    pub path: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub intent: &'a Intent<'a>,
    pub identity: &'a Arc<Identity>,
}

impl<'a> Ask<'a> {
    #[must_use]
    pub fn new(
        request: &'a http::Request<Bytes>,
        path: &'a str,
        intent: &'a Intent<'a>,
        identity: &'a Arc<Identity>,
    ) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            path,
            headers: request.headers(),
            body: request.body(),
            intent,
            identity,
        }
    }

    /// The caller as rules see it.
    fn caller(&self, now: Instant) -> Caller<'a> {
        let (method, path, headers) = (self.method, self.path, self.headers);
        Caller { identity: self.identity, now, method, path, headers }
    }
}

/// What the store is to do.
pub enum Work {
    Read(ReadPlan, JsonRows),
    Write(WritePlan, JsonRows),
    /// Nothing to read or to change.
    Nothing,
}

/// Work, what it is about, and what becomes of its answer.
pub struct Planned<'a> {
    pub target: Target<'a>,
    pub work: Work,
    pub finish: Finish,
}

/// Plans what is asked of a table, a view or a function.
///
/// # Errors
/// Everything that parse, gate and plan refuse.
pub fn plan<'a>(rest: &'a Rest, ask: &Ask<'a>) -> Result<Planned<'a>> {
    let caller = ask.caller(rest.clock.now());
    let viewer = Viewer { index: &rest.index, gate: &rest.gate, caller };
    if let Resource::Function(name) = ask.intent.resource {
        return call::plan(rest, &viewer, ask, name);
    }
    let target = plan::target(&viewer, ask.intent)?;
    match ask.intent.verb {
        Verb::Read { head } => read(rest, &viewer, ask, target, head),
        Verb::Create => create(rest, &viewer, ask, target),
        Verb::Put => put(rest, &viewer, ask, target),
        Verb::Update => update(rest, &viewer, ask, target),
        Verb::Delete => delete(rest, &viewer, ask, target),
        Verb::Options => {
            let finish = Finish::Options { allow: allow(&viewer, &target) };
            Ok(Planned { target, work: Work::Nothing, finish })
        }
    }
}

/// Runs what is asked inside a transaction.
///
/// # Errors
/// As `plan`, and what the store refuses.
pub fn run(
    rest: &Rest,
    ask: &Ask<'_>,
    transaction: &mut Transaction<'_>,
) -> Result<Response<Bytes>> {
    let Planned { target, work, finish } = plan(rest, ask)?;
    settle(ask, &target, work, finish, transaction)
}

/// The part of `run` that needs the store.
///
/// # Errors
/// What the store refuses.
pub fn settle(
    ask: &Ask<'_>,
    target: &Target<'_>,
    work: Work,
    finish: Finish,
    transaction: &mut Transaction<'_>,
) -> Result<Response<Bytes>> {
    let head = Head { uri: ask.uri, intent: ask.intent, target };
    let answer = match work {
        Work::Read(plan, sink) => Some(transaction.read(&plan, sink)?),
        Work::Write(plan, sink) => Some(transaction.write(&plan, sink)?),
        Work::Nothing => None,
    };
    render::finish(&head, finish, answer)
}

/// What can be done with the source at all.
fn allow(viewer: &Viewer<'_>, target: &Target<'_>) -> &'static str {
    if target.rows == mainstay_store::query::Rows::Stored {
        return "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE";
    }
    match viewer.index.through(target.module_at, target.table_at) {
        Some(_) => "OPTIONS,GET,HEAD,POST,PATCH,DELETE",
        None => "OPTIONS,GET,HEAD",
    }
}

fn read<'a>(
    rest: &'a Rest,
    viewer: &Viewer<'a>,
    ask: &Ask<'a>,
    target: Target<'a>,
    head: bool,
) -> Result<Planned<'a>> {
    let permit = viewer.permit(&target, Action::Read)?;
    let mut rulings = Rulings::default();
    let part = &ask.intent.query.part;
    let level = Level::new(viewer, target, permit.rows(), part, &mut rulings)?;
    let (plans, config, rules) = (&rest.plans, &rest.config, rulings.finish());
    let planned = plan::read::plan(plans, config, &level, &rules, &permit, ask.intent)?;
    let sink = JsonRows::new(planned.outputs, ask.intent.media, u64::MAX);
    let finish = Finish::Read {
        head,
        counted_only: planned.plan.rows.is_none().then_some(planned.plan.limit),
    };
    Ok(Planned { target: level.target, work: Work::Read(planned.plan, sink), finish })
}

fn create<'a>(
    rest: &'a Rest,
    viewer: &Viewer<'a>,
    ask: &Ask<'a>,
    target: Target<'a>,
) -> Result<Planned<'a>> {
    let intent = ask.intent;
    let act = viewer.permit(&target, Action::Create)?;
    let keys = key_part(&target);
    let returning = returning(intent, &keys);
    // An upsert tells whether a row was there, and rows that come back are read.
    let upserts = intent.prefer.resolution;
    let read = match returning.is_some() || upserts.is_some() {
        true => Some(viewer.permit(&target, Action::Read)?),
        false => None,
    };
    let update = match upserts == Some(Resolution::Merge) {
        true => Some(viewer.permit(&target, Action::Update)?),
        false => None,
    };
    let permits = Permits { act, read, update };
    let written = Written::new(viewer, target, permits, &intent.query.part)?;
    let upserting = insert::upserting(&written.table, intent)?;
    if upserting.is_some() {
        not_through(&written)?;
    }
    let guard = guard(rest, intent);
    let blind = viewer.gate.lacks(Weakness::Upsert);
    let wanted = Wanted { viewer, written: &written, returning, upserting, guard, blind };
    let maker = Maker::new(viewer.caller.now, ask.identity);
    let (plans, config) = (&rest.plans, &rest.config);
    let planned = insert::plan(plans, config, intent, ask.body, &wanted, &maker)?;
    Ok(write(intent, written, planned, Finish::Created))
}

fn put<'a>(
    rest: &'a Rest,
    viewer: &Viewer<'a>,
    ask: &Ask<'a>,
    target: Target<'a>,
) -> Result<Planned<'a>> {
    let permits = Permits {
        act: viewer.permit(&target, Action::Create)?,
        update: Some(viewer.permit(&target, Action::Update)?),
        read: Some(viewer.permit(&target, Action::Read)?),
    };
    let written = Written::new(viewer, target, permits, &ask.intent.query.part)?;
    not_through(&written)?;
    let asked = asked(rest, viewer, ask, &written);
    let maker = Maker::new(viewer.caller.now, ask.identity);
    let blind = viewer.gate.lacks(Weakness::Upsert);
    let (plans, config) = (&rest.plans, &rest.config);
    let planned = plan::put::plan(plans, config, &asked, ask.body, &maker, blind)?;
    Ok(write(ask.intent, written, planned, Finish::Put))
}

/// The row that an upsert finds may be one that a view hides.
fn not_through(written: &Written<'_>) -> Result<()> {
    match &written.pairs {
        None => Ok(()),
        Some(_) => {
            let message = format!("The view '{}' takes no upserts", written.table.name);
            Err(Error::new(Code::NotImplemented, message)
                .hint("Send them to the table, or change the row with PATCH."))
        }
    }
}

fn update<'a>(
    rest: &'a Rest,
    viewer: &Viewer<'a>,
    ask: &Ask<'a>,
    target: Target<'a>,
) -> Result<Planned<'a>> {
    let permits = Permits {
        act: viewer.permit(&target, Action::Update)?,
        read: Some(viewer.permit(&target, Action::Read)?),
        update: None,
    };
    let written = Written::new(viewer, target, permits, &ask.intent.query.part)?;
    let asked = asked(rest, viewer, ask, &written);
    let maker = Maker::new(viewer.caller.now, ask.identity);
    let (plans, config) = (&rest.plans, &rest.config);
    let planned = change::update(plans, config, &asked, ask.body, &maker)?;
    Ok(match planned {
        Some(planned) => write(ask.intent, written, planned, Finish::Changed),
        None => {
            let target = written.level.target;
            Planned { target, work: Work::Nothing, finish: Finish::Unchanged }
        }
    })
}

fn delete<'a>(
    rest: &'a Rest,
    viewer: &Viewer<'a>,
    ask: &Ask<'a>,
    target: Target<'a>,
) -> Result<Planned<'a>> {
    let permits = Permits {
        act: viewer.permit(&target, Action::Delete)?,
        read: Some(viewer.permit(&target, Action::Read)?),
        update: None,
    };
    let written = Written::new(viewer, target, permits, &ask.intent.query.part)?;
    let asked = asked(rest, viewer, ask, &written);
    let planned = change::delete(&rest.plans, &rest.config, &asked)?;
    Ok(write(ask.intent, written, planned, Finish::Deleted))
}

fn write<'a>(
    intent: &Intent<'_>,
    written: Written<'a>,
    planned: PlannedWrite,
    finish: Finish,
) -> Planned<'a> {
    let shown = intent.page.limit.unwrap_or(u64::MAX);
    let sink = JsonRows::new(planned.outputs, intent.media, shown).skipping(intent.page.offset);
    Planned { target: written.level.target, work: Work::Write(planned.plan, sink), finish }
}

fn asked<'w>(
    rest: &Rest,
    viewer: &'w Viewer<'w>,
    ask: &Ask<'w>,
    written: &'w Written<'w>,
) -> change::Asked<'w, 'w> {
    let returning = returning(ask.intent, &None);
    let guard = guard(rest, ask.intent);
    change::Asked { viewer, intent: ask.intent, written, returning, guard }
}

/// What a write gives back: rows need the right to read them.
fn returning<'w, 'a>(intent: &'w Intent<'a>, keys: &'w Option<Part<'a>>) -> Option<&'w Part<'a>> {
    match intent.prefer.returning {
        Some(Returning::Representation) => Some(&intent.query.part),
        Some(Returning::HeadersOnly) => keys.as_ref(),
        _ => None,
    }
}

/// What must hold when a write has run.
fn guard(rest: &Rest, intent: &Intent<'_>) -> Guard {
    Guard {
        exactly_one: intent.media.form == accept::Form::Object,
        max_affected: intent.prefer.bound(),
        undo: rest.config.tx_override && intent.prefer.tx == Some(Tx::Rollback),
    }
}

/// The key columns as a select list, for `Location`. A key that the caller may not read is not
/// told in a header either.
fn key_part(target: &Target<'_>) -> Option<Part<'static>> {
    let key = &target.table.primary_key.columns;
    if key.is_empty() || key.iter().any(|at| target.closed.read.contains(at)) {
        return None;
    }
    let column = |at: &usize| {
        let name = target.table.columns[*at].name.clone().into();
        let field = parse::Field { name, path: Vec::new(), as_text: false };
        Item::Column(Column::plain(field))
    };
    Some(Part { select: Some(key.iter().map(column).collect()), ..Part::default() })
}
