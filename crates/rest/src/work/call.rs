//! Calls of declared functions: found by name, permitted by their rule, planned like a read of
//! their result.

use mainstay_base::{Code, Error, Result};
use mainstay_gate::{Action, Permit};
use mainstay_schema::model::{CompiledFunction, Function, FunctionResult};

use super::{Ask, Planned, Work, guard};
use crate::Rest;
use crate::parse::{Intent, Verb};
use crate::plan::arguments::{self, Arguments};
use crate::plan::call::{self, CallWork, Called};
use crate::plan::index::FunctionIndex;
use crate::plan::rulings::Rulings;
use crate::plan::viewer::Viewer;
use crate::plan::{self, Level, Target};
use crate::render::rows::Layout;
use crate::render::{Finish, JsonRows};

pub(super) fn plan<'a>(
    rest: &'a Rest,
    viewer: &Viewer<'a>,
    ask: &Ask<'a>,
    name: &str,
) -> Result<Planned<'a>> {
    let intent = ask.intent;
    let module_at = plan::module(viewer.index, intent)?;
    let (index, function) = find(viewer, module_at, name, intent)?;
    let Some(compiled) = &function.compiled else {
        return Err(Error::internal(format!("function {name} was not compiled")));
    };
    if intent.verb == Verb::Options {
        let target = viewer.index.result(module_at, index);
        let allow = match compiled.read_only {
            true => "OPTIONS,GET,HEAD,POST",
            false => "OPTIONS,POST",
        };
        let finish = Finish::Options { allow };
        return Ok(Planned { target, work: Work::Nothing, finish });
    }
    let permit = viewer.gate.call(&viewer.caller, &viewer.index.catalog, module_at, index.at)?;
    if matches!(intent.verb, Verb::Read { .. }) && !compiled.read_only {
        let message = format!("cannot execute the function {name} in a read-only transaction");
        return Err(Error::new(Code::CallReadOnly, message).hint("It writes: call it by POST."));
    }
    let arguments = arguments(viewer, module_at, function, ask)?;
    let rows = call::source_rows(compiled, function.args.len());
    let target = Target { rows, ..viewer.index.result(module_at, index) };
    let (target, read) = bound(viewer, target, index, function)?;
    let rows = read.as_ref().and_then(Permit::rows);
    let mut rulings = Rulings::default();
    let level = Level::new(viewer, target, rows, &intent.query.part, &mut rulings)?;
    let called = Called { permit, index, compiled, level, rules: rulings.finish() };
    let guard = guard(rest, intent);
    let planned = call::plan(&rest.plans, &rest.config, &called, arguments, intent, guard)?;
    let sink =
        JsonRows::new(planned.outputs, intent.media, u64::MAX).laid_out(layout(&compiled.result));
    let work = match planned.work {
        CallWork::Read(plan) => Work::Read(plan, sink),
        CallWork::Write(plan) => Work::Write(plan, sink),
    };
    Ok(Planned { target: called.level.target, work, finish: finish(intent, compiled) })
}

/// Whole rows of a table are bound by the rules of the table, unless the function stands for them.
fn bound<'a>(
    viewer: &Viewer<'a>,
    target: Target<'a>,
    index: &'a FunctionIndex,
    function: &Function,
) -> Result<(Target<'a>, Option<Permit>)> {
    let Some(origin) = index.origin.filter(|_| !function.definer) else {
        if !index.index.ruled || function.definer {
            return Ok((target, None));
        }
        // Its place is one that no table has.
        let place = (target.module_at, usize::MAX - index.at);
        let closed = viewer.gate.closed(&viewer.caller, &index.table, place);
        return Ok((target.seen_by(closed), None));
    };
    let table = viewer.target(target.module_at, origin);
    let permit = viewer.permit(&table, Action::Read)?;
    Ok((target.seen_by(table.closed), Some(permit)))
}

fn find<'a>(
    viewer: &Viewer<'a>,
    module_at: usize,
    name: &str,
    intent: &Intent<'_>,
) -> Result<(&'a FunctionIndex, &'a Function)> {
    let module = &viewer.index.catalog.modules[module_at];
    if let Some(index) = viewer.index.modules[module_at].functions.get(name) {
        return Ok((index, &module.functions[index.at]));
    }
    let given: Vec<&str> = intent.arguments.iter().map(|(name, _)| *name).collect();
    let others = callable(viewer, module_at);
    Err(arguments::unknown(&module.name, name, &given, &others, None))
}

/// Names of functions that may be told to the caller.
fn callable<'a>(viewer: &Viewer<'a>, module_at: usize) -> Vec<&'a str> {
    let catalog = &viewer.index.catalog;
    let functions = catalog.modules[module_at].functions.iter().enumerate();
    functions
        .filter(|(at, _)| viewer.gate.call(&viewer.caller, catalog, module_at, *at).is_ok())
        .map(|(_, function)| function.name.as_str())
        .collect()
}

fn arguments(
    viewer: &Viewer<'_>,
    module_at: usize,
    function: &Function,
    ask: &Ask<'_>,
) -> Result<Arguments> {
    let module = &viewer.index.catalog.modules[module_at].name;
    arguments::read(module, function, ask.intent, ask.body, ask.identity)
}

/// A single value or row stands without brackets.
fn layout(result: &FunctionResult) -> Layout {
    match result {
        FunctionResult::Void => Layout::Rows,
        FunctionResult::Scalar { set: false, .. } => Layout::Value,
        FunctionResult::Scalar { set: true, .. } => Layout::Values,
        FunctionResult::Rows { set: false, .. } => Layout::Row,
        FunctionResult::Rows { set: true, .. } => Layout::Rows,
    }
}

fn finish(intent: &Intent<'_>, compiled: &CompiledFunction) -> Finish {
    let head = matches!(intent.verb, Verb::Read { head: true });
    match compiled.result {
        FunctionResult::Void => Finish::Nothing,
        ref result => Finish::Called { head, set: call::is_set(result) },
    }
}
