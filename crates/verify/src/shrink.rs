//! The smallest case: a world is made smaller piece by piece as long as it still shows a
//! difference. What is left is what the difference needs.

use crate::oracle::{Bench, Difference, Outcome, run};
use crate::request::{Body, Filter, Item, Order, Part, Request, Verb};
use crate::rule::{Expr, Over, Root};
use crate::world::{Table, View, World};

/// Worlds that are tried: a number and not a time, so that the smallest case is always the same.
const TRIES: usize = 3_000;

/// Makes the world of a difference smaller.
#[must_use]
pub fn shrink(bench: &Bench, difference: Difference) -> Difference {
    let mut left = TRIES;
    let mut best = difference;
    let mut progress = true;
    while progress && left > 0 {
        progress = false;
        for steps in [requests, rows, rules, parts, extras, tables] {
            let mut at = 0;
            while let Some(smaller) = steps(&best.world, at).filter(|_| left > 0) {
                left -= 1;
                match attempt(bench, smaller).filter(|found| is_like(found, &best)) {
                    // What stands at this place now is another.
                    Some(found) => (best, progress) = (found, true),
                    None => at += 1,
                }
            }
        }
    }
    best
}

/// The same mistake, as far as that can be told.
fn is_like(found: &Difference, best: &Difference) -> bool {
    let kind = |one: &Difference| one.what.split(':').next().map(str::to_owned);
    found.answered.status == best.answered.status && kind(found) == kind(best)
}

/// The difference that a world shows, if it shows one.
fn attempt(bench: &Bench, world: World) -> Option<Difference> {
    match run(bench, &world) {
        Ok(Outcome::Different(found)) => Some(*found),
        _ => None,
    }
}

/// Without the request at this place.
fn requests(world: &World, at: usize) -> Option<World> {
    let mut world = world.clone();
    // The last one shows the difference.
    (at + 1 < world.requests.len()).then(|| world.requests.remove(at))?;
    Some(world)
}

/// Without the row at this place, counted through all tables from the last.
fn rows(world: &World, at: usize) -> Option<World> {
    let mut world = world.clone();
    let mut left = at;
    for rows in world.rows.iter_mut().rev() {
        if left < rows.len() {
            let place = rows.len() - 1 - left;
            rows.remove(place);
            return Some(world);
        }
        left -= rows.len();
    }
    None
}

/// Without the views or the functions, if nothing asks them.
fn extras(world: &World, at: usize) -> Option<World> {
    let mut world = world.clone();
    let called = world.requests.iter().any(calls);
    let viewed = world.requests.iter().any(|request| asks(request, world.tables.len()));
    match at {
        0 if !world.functions.is_empty() && !called => world.functions.clear(),
        0 | 1 if !world.views.is_empty() && !viewed => world.views.clear(),
        _ => return None,
    }
    Some(world)
}

fn calls(request: &Request) -> bool {
    match &request.verb {
        Verb::Batch(operations) => operations.iter().any(calls),
        Verb::Call { .. } => true,
        _ => false,
    }
}

/// Without the last table, if nothing speaks of it.
fn tables(world: &World, at: usize) -> Option<World> {
    let last = world.tables.len() - 1;
    if at > 0 || last == 0 {
        return None;
    }
    let mut world = world.clone();
    let shown = |view: &View| view.table == last;
    if world.views.iter().any(shown) || world.functions.iter().any(|one| one.table == last) {
        return None;
    }
    // A view's rules mean their own rows by the place behind the last table.
    if !world.views.is_empty() {
        return None;
    }
    world.tables.pop();
    world.rows.pop();
    let speaks = |rule: &Expr| {
        rule.any(&|part| match part {
            Expr::Every { over: Over::Table(table), .. } => *table == last,
            Expr::Column(column) => column.table == last,
            _ => false,
        })
    };
    let asked = world.requests.iter().any(|request| asks(request, last));
    let mut rules = world.rules_mut();
    let spoken = rules.any(|rule| rule.as_ref().is_some_and(speaks));
    drop(rules);
    (!asked && !spoken).then_some(world)
}

fn asks(request: &Request, table: usize) -> bool {
    let operations = match &request.verb {
        Verb::Batch(operations) => operations.iter().any(|one| asks(one, table)),
        _ => false,
    };
    operations || request.table == table || reaches(&request.part, table)
}

fn reaches(part: &Part, table: usize) -> bool {
    part.embeds().any(|embed| {
        let between = embed.way.junction.is_some_and(|(between, _)| between == table);
        between || embed.way.to == table || reaches(&embed.part, table)
    })
}

/// With one rule made simpler.
fn rules(world: &World, at: usize) -> Option<World> {
    let mut world = world.clone();
    let replaced = replace(&mut world, at);
    replaced.then_some(world)
}

/// Puts the simpler form at this place, counted through all rules.
fn replace(world: &mut World, at: usize) -> bool {
    let mut left = at;
    for rule in world.rules_mut() {
        let mut simpler = rule.as_ref().map_or(Vec::new(), simpler);
        if left < simpler.len() {
            *rule = simpler.swap_remove(left);
            return true;
        }
        left -= simpler.len();
    }
    false
}

/// Simpler forms of a rule, the simplest first.
fn simpler(rule: &Expr) -> Vec<Option<Expr>> {
    let mut found = vec![None];
    let truth = Expr::Literal("true".to_owned());
    if *rule != truth {
        found.push(Some(truth));
    }
    found.extend(inner(rule).into_iter().map(Some));
    found
}

/// The expression with one of its conditions replaced by a part of it.
fn inner(expr: &Expr) -> Vec<Expr> {
    let boxed = Box::new;
    let mut found = Vec::new();
    match expr {
        Expr::Binary(operator, left, right) => {
            if matches!(*operator, "&&" | "||") {
                found.extend([(**left).clone(), (**right).clone()]);
            }
            let conditions = matches!(*operator, "&&" | "||" | "==");
            for left in inner(left).into_iter().filter(|_| conditions) {
                found.push(Expr::Binary(operator, boxed(left), right.clone()));
            }
            for right in inner(right).into_iter().filter(|_| conditions) {
                found.push(Expr::Binary(operator, left.clone(), boxed(right)));
            }
        }
        Expr::Not(one) => {
            found.push((**one).clone());
            found.extend(inner(one).into_iter().map(|one| Expr::Not(boxed(one))));
        }
        Expr::Choice(test, yes, no) => {
            found.extend([(**test).clone(), (**yes).clone(), (**no).clone()]);
            for test in inner(test) {
                found.push(Expr::Choice(boxed(test), yes.clone(), no.clone()));
            }
            for yes in inner(yes) {
                found.push(Expr::Choice(test.clone(), boxed(yes), no.clone()));
            }
            for no in inner(no) {
                found.push(Expr::Choice(test.clone(), yes.clone(), boxed(no)));
            }
        }
        Expr::Every { over, name, all, condition } => {
            let bound = condition.any(&|part| match part {
                Expr::Element(known) => known == name,
                Expr::Column(column) => column.root == Root::Bound(name.clone()),
                _ => false,
            });
            if !bound {
                found.push((**condition).clone());
            }
            found.extend(inner(condition).into_iter().map(|condition| Expr::Every {
                over: over.clone(),
                name: name.clone(),
                all: *all,
                condition: boxed(condition),
            }));
        }
        _ => {}
    }
    found
}

/// With one part less of the last request.
fn parts(world: &World, at: usize) -> Option<World> {
    let request = world.requests.last()?;
    let smaller = smaller_requests(request, &world.tables).into_iter().nth(at)?;
    let mut world = world.clone();
    *world.requests.last_mut()? = smaller;
    Some(world)
}

fn smaller_requests(request: &Request, tables: &[Table]) -> Vec<Request> {
    let key = tables.get(request.table).map_or(&[][..], |table| &table.key);
    let mut found = Vec::new();
    let with = |change: &dyn Fn(&mut Request)| {
        let mut smaller = request.clone();
        change(&mut smaller);
        smaller
    };
    for part in smaller_parts(&request.part) {
        found.push(Request { part, ..request.clone() });
    }
    for at in 0..request.headers.len() {
        found.push(with(&|request| drop(request.headers.remove(at))));
    }
    let prefer = &request.prefer;
    if prefer.count.is_some() {
        found.push(with(&|request| request.prefer.count = None));
    }
    if prefer.returning.is_some() {
        found.push(with(&|request| request.prefer.returning = None));
    }
    if prefer.missing_default {
        found.push(with(&|request| request.prefer.missing_default = false));
    }
    match &request.verb {
        Verb::Batch(operations) => {
            for at in 0..operations.len() {
                let mut fewer = operations.clone();
                fewer.remove(at);
                found.push(Request { verb: Verb::Batch(fewer), ..request.clone() });
                for operation in smaller_requests(&operations[at], tables) {
                    let mut fewer = operations.clone();
                    fewer[at] = operation;
                    found.push(Request { verb: Verb::Batch(fewer), ..request.clone() });
                }
            }
        }
        Verb::Post { body, on_conflict } => {
            for body in smaller_bodies(body, key) {
                let verb = Verb::Post { body, on_conflict: on_conflict.clone() };
                found.push(Request { verb, ..request.clone() });
            }
        }
        Verb::Patch { body } => {
            for body in smaller_bodies(body, &[]) {
                found.push(Request { verb: Verb::Patch { body }, ..request.clone() });
            }
        }
        _ => {}
    }
    found
}

/// A key that only the database could make stays.
fn smaller_bodies(body: &Body, key: &[usize]) -> Vec<Body> {
    let mut found = Vec::new();
    for at in 0..body.rows.len() {
        if body.rows.len() > 1 {
            let mut smaller = body.clone();
            smaller.rows.remove(at);
            found.push(smaller);
        }
    }
    for at in (0..body.columns.len()).filter(|at| !key.contains(&body.columns[*at])) {
        let mut smaller = body.clone();
        smaller.columns.remove(at);
        smaller.rows.iter_mut().for_each(|row| drop(row.remove(at)));
        found.push(smaller);
    }
    found
}

fn smaller_parts(part: &Part) -> Vec<Part> {
    let mut found = Vec::new();
    for at in 0..part.items().len() {
        if part.select.as_ref().is_some_and(|items| items.len() > 1) {
            found.extend(without_item(part, at));
        }
        if let Some(embed) = part.embed(at) {
            for inside in smaller_parts(&embed.part) {
                let mut smaller = part.clone();
                if let Some(Item::Embed(embed)) =
                    smaller.select.as_mut().and_then(|s| s.get_mut(at))
                {
                    embed.part = inside;
                }
                found.push(smaller);
            }
        }
    }
    for at in 0..part.filters.len() {
        let mut smaller = part.clone();
        smaller.filters.remove(at);
        found.push(smaller);
    }
    for at in 0..part.order.len() {
        let mut smaller = part.clone();
        smaller.order.remove(at);
        found.push(smaller);
    }
    if part.limit.is_some() || part.offset.is_some() {
        found.push(Part { limit: None, offset: None, ..part.clone() });
    }
    found
}

/// Without an item of the select list, and without what speaks of it.
fn without_item(part: &Part, at: usize) -> Option<Part> {
    let mut smaller = part.clone();
    smaller.select.as_mut()?.remove(at);
    let speaks = |filter: &Filter| matches!(filter, Filter::Missing { embed, .. } if *embed == at);
    let nested = |filter: &Filter| matches!(filter, Filter::All { .. } | Filter::Any { .. });
    if part.embeds().next().is_some() && part.filters.iter().any(nested) {
        return None;
    }
    smaller.filters.retain(|filter| !speaks(filter));
    smaller.order.retain(|order| order.embed != Some(at));
    let moved = |embed: &mut usize| {
        if *embed > at {
            *embed -= 1;
        }
    };
    for filter in &mut smaller.filters {
        if let Filter::Missing { embed, .. } = filter {
            moved(embed);
        }
    }
    for Order { embed, .. } in &mut smaller.order {
        embed.iter_mut().for_each(moved);
    }
    Some(smaller)
}
