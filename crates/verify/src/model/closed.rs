//! Where a rule holds for no row at all, Mainstay may find out before it looks at any: then the
//! table is closed to the caller, as with a rule that says so outright.

use super::expect::{Expected, Refusal};
use super::fold::Verdict;
use super::rules::Ready;
use super::sight::{Action, Sight};
use super::write::Writing;
use crate::request::{Part, Request, Resolution, Returning, Verb};
use crate::rule::judge::loose;
use crate::world::Cell;

/// What may be said instead of the expected answer; `idle` if that changes nothing.
pub fn instead(writing: &Writing<'_, '_>, expected: &Expected, idle: bool) -> Vec<Refusal> {
    let Writing { sight, request, .. } = writing;
    let mut found = Vec::new();
    let unsaid = |action: Action| sight.verdict(request.table, action).is_open();
    let never = |action: Action| sight.verdict(request.table, action) == Verdict::Never;
    let denied = || {
        let name = &sight.table(request.table).name;
        sight.forbidden(format!("permission denied for table {name}"))
    };
    let unbound = match &request.verb {
        Verb::Call { function, .. } => sight.world.functions[*function].definer,
        _ => false,
    };
    if sight.caller.is_service() || unbound {
        return found;
    }
    if reads(request) && sees_nothing(sight, request.table) {
        found.push(denied());
    }
    levels(sight, request.table, &request.part, &mut found);
    let refused = is_row_refused(expected);
    if creates(request)
        && unsaid(Action::Create)
        && (refused || never(Action::Create) || !writing.any_creation())
    {
        found.push(denied());
    }
    let rules = &sight.rules[request.table];
    if updates(request)
        && unsaid(Action::Update)
        && (refused || never(Action::Update) || !any_change(sight, request))
    {
        found.push(denied());
    }
    let delete = rules.delete.as_ref().map(std::slice::from_ref);
    if matches!(request.verb, Verb::Delete)
        && unsaid(Action::Delete)
        && !any(sight, request.table, delete)
    {
        found.push(denied());
    }
    columns(writing, idle, &mut found);
    found
}

/// Columns whose own rules may be known to fail.
fn columns(writing: &Writing<'_, '_>, idle: bool, found: &mut Vec<Refusal>) {
    let Writing { sight, request, .. } = writing;
    let body = match &request.verb {
        Verb::Post { body, .. } | Verb::Put { body } | Verb::Patch { body } => writing.own(body),
        _ => return,
    };
    let base = writing.base();
    for at in body.columns.iter().chain(&body.absent) {
        let rules = &sight.rules[base].columns[*at];
        // Whether a hidden column is there at all depends on both of its rules.
        let hidden = !sight.reads_column(base, *at);
        let asked = [
            rules.create.as_ref().filter(|_| hidden || creates(request)),
            rules.update.as_ref().filter(|_| hidden || updates(request)),
        ];
        for rule in asked.into_iter().flatten() {
            match rule.verdict(&sight.asked) {
                Verdict::Never => found.extend(refused_column(writing, *at)),
                Verdict::Unknown if idle => {
                    found.extend(refused_column(writing, *at));
                }
                _ => {}
            }
        }
    }
}

/// What is said of a column that may not be written; one that is hidden may not be there at all.
fn refused_column(writing: &Writing<'_, '_>, at: usize) -> Vec<Refusal> {
    let Writing { sight, request, .. } = writing;
    let (here, base) = (sight.table(request.table), writing.base());
    let name = &sight.table(base).columns[at].name;
    let mut found = vec![sight.forbidden(format!("permission denied for column {name}"))];
    if !sight.reads_column(base, at) {
        let message =
            format!("Could not find the '{name}' column of '{}' in the schema cache", here.name);
        found.push(Refusal::new(400, "PGRST204", message));
    }
    found
}

fn reads(request: &Request) -> bool {
    let returns = matches!(
        request.prefer.returning,
        Some(Returning::Representation | Returning::HeadersOnly)
    );
    match request.verb {
        Verb::Post { .. } => returns || request.prefer.resolution.is_some(),
        _ => true,
    }
}

fn creates(request: &Request) -> bool {
    matches!(request.verb, Verb::Post { .. } | Verb::Put { .. })
}

fn updates(request: &Request) -> bool {
    let merges = request.prefer.resolution == Some(Resolution::Merge);
    match request.verb {
        Verb::Patch { .. } | Verb::Put { .. } => true,
        Verb::Post { .. } => merges,
        _ => false,
    }
}

fn sees_nothing(sight: &Sight<'_>, table: usize) -> bool {
    sight.verdict(table, Action::Read).is_open() && sight.visible(table).is_empty()
}

fn levels(sight: &Sight<'_>, table: usize, part: &Part, found: &mut Vec<Refusal>) {
    for embed in part.embeds() {
        let (way, here) = (&embed.way, &sight.table(table).name);
        if way.junction.is_some_and(|(between, _)| sees_nothing(sight, between)) {
            found.push(super::read::unrelated(here, &way.name));
        }
        if sees_nothing(sight, way.to) {
            let name = &sight.table(way.to).name;
            found.push(sight.forbidden(format!("permission denied for table {name}")));
        }
        levels(sight, way.to, &embed.part, found);
    }
}

/// Some row passes the parts of a rule that look at rows as they are.
fn any(sight: &Sight<'_>, table: usize, rule: Option<&[Ready]>) -> bool {
    let parts = rule.unwrap_or_default();
    sight.visible(table).iter().any(|at| {
        let row = Some(sight.state.snapshot.row(table, *at));
        let mut held = parts.iter().filter(|part| !part.looks_at_new);
        held.all(|part| part.holds(&sight.asked, row, None))
    })
}

/// Some row may become what is sent.
fn any_change(sight: &Sight<'_>, request: &Request) -> bool {
    let table = request.table;
    let body = match &request.verb {
        Verb::Post { body, .. } | Verb::Put { body } | Verb::Patch { body } => body,
        _ => return true,
    };
    let Some(parts) = &sight.rules[table].update else { return false };
    let becomes = |at: usize, sent: &[Cell]| {
        let mut new = sight.row(table, at).clone();
        for (column, cell) in body.columns.iter().zip(sent) {
            new[*column] = cell.clone();
        }
        let new = loose(sight.table(table), &new);
        let row = Some(sight.state.snapshot.row(table, at));
        parts.iter().all(|part| part.holds(&sight.asked, row, Some(new.as_ref())))
    };
    let mut visible = sight.visible(table).iter();
    visible.any(|at| body.rows.iter().any(|sent| becomes(*at, sent)))
}

fn is_row_refused(expected: &Expected) -> bool {
    let Expected::Refused(refusals) = expected else { return false };
    refusals.iter().any(|refusal| refusal.message.starts_with("new row violates row-level"))
}
