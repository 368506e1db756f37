//! Changes to rows that are there: which rows are found, what they become, what goes with them.

use super::constraint::Draft;
use super::expect::{Expected, Refusal};
use super::read::not_singular;
use super::rules::Ready;
use super::sight::Action;
use super::write::{Done, Writing, either, null_in};
use crate::request::{Body, Returning};
use crate::rule::judge::loose;
use crate::world::{Cell, Row};

pub fn update(writing: &Writing<'_, '_>, body: &Body) -> Done {
    let Writing { sight, request, .. } = writing;
    writing.open(&[Action::Update, Action::Read])?;
    writing.levels()?;
    let body = &writing.whole(body);
    if body.columns.is_empty() {
        return unchanged(writing);
    }
    let set = &body.rows[0];
    let found = found(writing, sight.rules[request.table].update.as_deref());
    either(wrong(writing, body, set, &found))?;
    let mut draft = Draft::new(sight);
    let (base, stored) = (writing.base(), writing.stored(&found));
    for at in &stored {
        draft.rows[base][*at] = changed(sight.row(base, *at), body, set);
    }
    constraints(writing, &draft, body, set, &stored)?;
    let represents = request.prefer.returning == Some(Returning::Representation);
    let state = writing.state(draft);
    let rows = if represents { writing.returned(&state, &stored) } else { Vec::new() };
    let count = if represents { rows.len() } else { found.len() };
    let total = total(writing, count);
    let range = match count {
        0 => format!("*/{total}"),
        count => format!("0-{}/{total}", count - 1),
    };
    let expected = ended(writing, rows, range)?;
    Ok((expected, state.rows))
}

/// Nothing is set.
fn unchanged(writing: &Writing<'_, '_>) -> Done {
    if writing.request.single {
        return Err(vec![not_singular(0)]);
    }
    let range = format!("*/{}", total(writing, 0));
    Ok((ended(writing, Vec::new(), range)?, writing.sight.state.rows.clone()))
}

pub fn delete(writing: &Writing<'_, '_>) -> Done {
    let Writing { sight, request, reading, .. } = writing;
    writing.open(&[Action::Delete, Action::Read])?;
    writing.levels()?;
    either(filtered(writing, "DELETE"))?;
    let rule = sight.rules[request.table].delete.as_ref();
    let found = found(writing, rule.map(std::slice::from_ref));
    let mut draft = Draft::new(sight);
    let (base, stored) = (writing.base(), writing.stored(&found));
    draft.remove(base, &stored);
    if !draft.is_whole() {
        return Err(draft.still_referenced(base, &stored, true));
    }
    let represents = request.prefer.returning == Some(Returning::Representation);
    let part = &request.part;
    let kept: Vec<usize> = match represents {
        true => {
            let inner = |at: &usize| reading.has_inner(request.table, *at, part);
            reading.sorted(request.table, found.iter().copied().filter(inner).collect(), part)
        }
        false => found,
    };
    let rows = match represents {
        true => reading.shown(request.table, &kept, part),
        false => Vec::new(),
    };
    let count = if represents { rows.len() } else { kept.len() };
    let range = format!("*/{}", total(writing, count));
    Ok((ended(writing, rows, range)?, draft.rows))
}

fn total(writing: &Writing<'_, '_>, count: usize) -> String {
    writing.request.prefer.count.map_or("*".to_owned(), |_| count.to_string())
}

/// 200 with rows, 204 without.
fn ended(
    writing: &Writing<'_, '_>,
    rows: Vec<String>,
    range: String,
) -> Result<Expected, Vec<Refusal>> {
    match writing.request.prefer.returning {
        Some(Returning::Representation) => writing.representation(rows, 200, Some(range), false),
        _ => Ok(Expected::Empty { status: 204, content_range: Some(range), location: None }),
    }
}

/// What is wrong with the filters, and with the names in them.
fn filtered(writing: &Writing<'_, '_>, verb: &str) -> Vec<Refusal> {
    let Writing { request, reading, .. } = writing;
    let mut found = reading.name_refusals(request.table, &request.part);
    if request.part.filters.is_empty() {
        let message = format!("{verb} requires a WHERE clause");
        found.push(Refusal::new(400, "21000", message));
    }
    found
}

/// The rows that may be read, that the filters mean, and that the rule lets be changed: its parts
/// that look at the new row are judged later.
fn found(writing: &Writing<'_, '_>, rule: Option<&[Ready]>) -> Vec<usize> {
    let Writing { sight, request, reading, .. } = writing;
    let (table, part) = (request.table, &request.part);
    let passes = |at: usize| {
        let row = Some(sight.state.snapshot.row(table, at));
        let parts = rule.unwrap_or_default().iter().filter(|part| !part.looks_at_new);
        let mut held = parts.map(|part| part.holds(&sight.asked, row, None));
        sight.caller.is_service() || held.all(|held| held)
    };
    let means = |at: usize| {
        part.filters.iter().all(|one| reading.truth(table, at, part, one) == Some(true))
    };
    let visible = sight.visible(table).iter().copied();
    visible.filter(|at| means(*at) && passes(*at)).collect()
}

fn changed(row: &Row, body: &Body, set: &[Cell]) -> Row {
    let mut row = row.clone();
    for (at, cell) in body.columns.iter().zip(set) {
        row[*at] = cell.clone();
    }
    row
}

/// What forbids the change before the database is asked.
fn wrong(writing: &Writing<'_, '_>, body: &Body, set: &[Cell], found: &[usize]) -> Vec<Refusal> {
    let Writing { sight, request, .. } = writing;
    let table = writing.base();
    let (here, places) = (sight.table(table), &writing.stored(found));
    let mut refusals = filtered(writing, "UPDATE");
    for (at, cell) in body.columns.iter().zip(set) {
        let column = &here.columns[*at];
        let rule = sight.rules[table].columns[*at].update.as_ref();
        let holds = |place: usize| {
            let row = sight.row(table, place);
            let new = loose(here, &changed(row, body, set));
            let row = sight.state.snapshot.row(table, place);
            rule.map(|rule| rule.holds(&sight.asked, Some(row), Some(new.as_ref())))
        };
        match rule.is_some_and(|rule| !rule.verdict(&sight.asked).denies()) {
            // Judged for each row that would change.
            true => {
                let judges = !sight.caller.is_service();
                if judges && places.iter().any(|place| holds(*place) == Some(false)) {
                    refusals.push(writing.row_refused());
                }
            }
            false => refusals.extend(writing.closed_column(*at, rule.map(|_| false))),
        }
        if column.readonly && !sight.caller.is_service() {
            let message = format!("column \"{}\" can only be updated to DEFAULT", column.name);
            refusals.push(Refusal::new(400, "428C9", message));
        }
        if cell.is_null() && !column.null {
            refusals.push(null_in(sight, table, *at));
        }
    }
    for (_, link) in sight.rules[table].links.iter().filter(|(at, _)| body.columns.contains(at)) {
        let fails = places.iter().any(|place| {
            let new = loose(here, &changed(sight.row(table, *place), body, set));
            !link.holds(&sight.asked, None, Some(new.as_ref()))
        });
        if fails && !sight.caller.is_service() {
            refusals.push(writing.row_refused());
        }
    }
    let source = request.table;
    let checks = sight.rules[source].update.iter().flatten().filter(|part| part.looks_at_new);
    for check in checks.filter(|_| !sight.caller.is_service()) {
        let fails = found.iter().zip(places).any(|(shown, place)| {
            let new = writing.projected(&changed(sight.row(table, *place), body, set));
            let new = loose(sight.table(source), &new);
            let row = sight.state.snapshot.row(source, *shown);
            !check.holds(&sight.asked, Some(row), Some(new.as_ref()))
        });
        if fails {
            refusals.push(writing.row_refused());
        }
    }
    // Rows that come back must be rows that the caller may read.
    let becomes = |place: &usize| changed(sight.row(table, *place), body, set);
    let represents = request.prefer.returning == Some(Returning::Representation);
    if represents && !places.iter().all(|place| writing.reads(&becomes(place))) {
        refusals.push(writing.row_refused());
    }
    refusals
}

fn constraints(
    writing: &Writing<'_, '_>,
    draft: &Draft<'_, '_>,
    body: &Body,
    set: &[Cell],
    places: &[usize],
) -> Result<(), Vec<Refusal>> {
    let table = writing.base();
    let told = |column: usize| {
        let place = body.columns.iter().position(|at| *at == column);
        place.map(|place| set[place].clone())
    };
    let each = places.iter().flat_map(|place| draft.duplicates(table, *place, &told));
    either(each.collect())?;
    if draft.is_whole() {
        return Ok(());
    }
    let mut refusals: Vec<Refusal> =
        places.iter().flat_map(|place| draft.dangling(table, *place, &told)).collect();
    let here = writing.sight.table(table);
    if here.key.len() == 1 && body.columns.contains(&here.key[0]) || refusals.is_empty() {
        refusals.extend(draft.still_referenced(table, places, false));
    }
    Err(refusals)
}
