//! Circles of references in which no column may be null: no first row could ever be written.

use super::lookup::Tables;
use super::references::Resolved;
use crate::mistake::{Found, Mistake};

/// Notes one mistake for each group of tables that wait for each other.
pub(super) fn check(tables: &Tables<'_, '_>, references: &[Vec<Resolved<'_>>], found: &mut Found) {
    let edges: Vec<Vec<(usize, &Resolved<'_>)>> = references
        .iter()
        .enumerate()
        .map(|(table, list)| {
            let binding = list.iter().filter(|reference| binds(tables, table, reference));
            binding.map(|reference| (reference.table, reference)).collect()
        })
        .collect();
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut asked: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (table, list) in edges.iter().enumerate() {
        list.iter().for_each(|(target, _)| asked[*target].push(table));
    }
    // Tables that wait for nobody can be filled; then those that waited only for them, and so on.
    let mut fillable: Vec<usize> = (0..edges.len()).filter(|table| waiting[*table] == 0).collect();
    while let Some(table) = fillable.pop() {
        for other in &asked[table] {
            waiting[*other] -= 1;
            if waiting[*other] == 0 {
                fillable.push(*other);
            }
        }
    }
    let mut told = vec![false; edges.len()];
    for start in (0..edges.len()).filter(|table| waiting[*table] > 0) {
        if let Some(circle) = circle(start, &edges, &waiting)
            && !circle.iter().any(|(table, _)| told[*table])
        {
            circle.iter().for_each(|(table, _)| told[*table] = true);
            found.add(mistake(tables, &circle));
        }
    }
}

/// The reference must be filled in whenever a row is written.
fn binds(tables: &Tables<'_, '_>, table: usize, reference: &Resolved<'_>) -> bool {
    let sketch = &tables.sketches[table];
    let nullable = |at: &usize| sketch.columns[*at].null.as_ref().is_some_and(|null| null.value);
    !sketch.adopted && !reference.columns.iter().any(nullable)
}

type Step<'r> = (usize, &'r Resolved<'r>);

/// Follows references among tables that wait, until one comes up again.
fn circle<'r>(
    start: usize,
    edges: &[Vec<(usize, &'r Resolved<'r>)>],
    waiting: &[usize],
) -> Option<Vec<Step<'r>>> {
    let mut path: Vec<Step<'r>> = Vec::new();
    let mut seen = vec![None; edges.len()];
    let mut at = start;
    loop {
        if let Some(first) = seen[at] {
            return Some(path.split_off(first));
        }
        seen[at] = Some(path.len());
        let (next, reference) = edges[at].iter().find(|(target, _)| waiting[*target] > 0)?;
        path.push((at, *reference));
        at = *next;
    }
}

fn mistake(tables: &Tables<'_, '_>, circle: &[Step<'_>]) -> Mistake {
    let name = |table: usize| format!("`{}`", tables.sketches[table].name.value);
    let (first, reference) = circle[0];
    let hint = "let one of these columns be empty: `null = true`";
    let message = match circle.len() {
        1 => format!(
            "every row of {} needs another row of it, so none can be the first",
            name(first)
        ),
        _ => {
            let names: Vec<String> = circle.iter().map(|(table, _)| name(*table)).collect();
            let circle = format!("{} -> {}", names.join(" -> "), name(first));
            format!("rows of {circle} need each other, so none can be the first")
        }
    };
    Mistake::new(reference.sketch.place, "reference-cycle", message).hint(hint)
}
