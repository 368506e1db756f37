//! References: what they point to, and the type that a column gets from there. Whether they
//! are possible is seen by `targets`.

use super::Types;
use super::lookup::Tables;
use crate::mistake::{Found, Mistake, Place, Placed};
use crate::read::sketch::{Kind, ReferenceSketch, Target};
use crate::types::Type;

/// A reference whose names were all found.
pub(super) struct Resolved<'s> {
    pub sketch: &'s ReferenceSketch,
    pub columns: Vec<usize>,
    pub table: usize,
    pub references: Vec<usize>,
    /// It stands at a column that has its type from it.
    pub inline: bool,
}

/// The references of one table: those of columns first, then those of `foreign_keys`.
pub(super) fn resolve<'s>(
    tables: &Tables<'s, '_>,
    table: usize,
    found: &mut Found,
) -> Vec<Resolved<'s>> {
    let sketch = &tables.sketches[table];
    let mut resolved = Vec::new();
    for (at, column) in sketch.columns.iter().enumerate() {
        if let Kind::Reference(reference) = &column.kind
            && let Some((target, references)) = target(tables, reference, 1, found)
        {
            let columns = vec![at];
            resolved.push(Resolved {
                sketch: reference,
                columns,
                table: target,
                references,
                inline: true,
            });
        }
    }
    for reference in &sketch.foreign_keys {
        let columns =
            tables.columns(table, &reference.columns, "the foreign key", reference.place, found);
        let count = reference.columns.len();
        let target = target(tables, reference, count, found);
        if let (Some(columns), Some((target, references))) = (columns, target) {
            resolved.push(Resolved {
                sketch: reference,
                columns,
                table: target,
                references,
                inline: false,
            });
        }
    }
    resolved
}

/// The table and columns that a reference of `count` columns points to.
fn target(
    tables: &Tables<'_, '_>,
    reference: &ReferenceSketch,
    count: usize,
    found: &mut Found,
) -> Option<(usize, Vec<usize>)> {
    let place = reference.target.place();
    let (table, columns) = match &reference.target {
        Target::Parts { table, columns } => (table.value.clone(), columns.clone()),
        Target::Text(text) => split(tables, &text.value, place),
    };
    let table = tables.table(&table, place, found)?;
    let columns = match columns {
        Some(columns) => tables.columns(table, &columns, "the reference", place, found)?,
        None => tables.keys[table].clone(),
    };
    let name = &tables.sketches[table].name.value;
    if columns.is_empty() {
        let message = format!("table `{name}` has no key to point to");
        let hint = format!("name the columns: `{name}(column)`");
        found.add(Mistake::new(place, "reference-count", message).hint(hint));
        return None;
    }
    if columns.len() != count && count > 0 {
        let message = format!(
            "{count} {} to {} of `{name}`",
            plural(count, "column points", "columns point"),
            columns.len()
        );
        let hint = match count {
            1 => "references of several columns stand at the table, in `foreign_keys`".to_owned(),
            _ => format!("name as many columns of `{name}` as there are here"),
        };
        found.add(Mistake::new(place, "reference-count", message).hint(hint));
        return None;
    }
    Some((table, columns))
}

fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// `users(a, b)` into its parts, unless a table is called just that.
fn split(
    tables: &Tables<'_, '_>,
    text: &str,
    place: Place,
) -> (String, Option<Vec<Placed<String>>>) {
    let parts = text.trim_end().strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    match parts {
        Some((table, columns)) if !tables.has(text) => {
            let columns = columns.split(',').map(|name| Placed::new(name.trim().to_owned(), place));
            (table.trim().to_owned(), Some(columns.collect()))
        }
        _ => (text.to_owned(), None),
    }
}

/// The type of every column: its own, or that of what it points to, however many steps away.
pub(super) fn types(
    tables: &Tables<'_, '_>,
    references: &[Vec<Resolved<'_>>],
    found: &mut Found,
) -> Types {
    let mut types: Types = tables
        .sketches
        .iter()
        .map(|table| {
            let own = table.columns.iter().map(|column| match &column.kind {
                Kind::Own(ty) => Some(ty.value.clone()),
                Kind::Reference(_) | Kind::Broken => None,
            });
            own.collect()
        })
        .collect();
    for (table, resolved) in references.iter().enumerate() {
        for reference in resolved.iter().filter(|reference| reference.inline) {
            let start = (table, reference.columns[0]);
            let Some(ty) = follow(start, references, &types) else {
                let message = "the reference leads back to its own column, so it has no type";
                let mistake = Mistake::new(reference.sketch.place, "reference-loop", message);
                found.add(mistake.hint(
                    "give one of the columns a `type` and list its reference in `foreign_keys`",
                ));
                continue;
            };
            types[start.0][start.1] = ty;
        }
    }
    types
}

/// The type at the end of a chain of references; nothing when the chain is a circle.
fn follow(
    start: (usize, usize),
    references: &[Vec<Resolved<'_>>],
    types: &Types,
) -> Option<Option<Type>> {
    let mut at = start;
    // A chain that is longer than all references together has met itself.
    let longest: usize = references.iter().map(Vec::len).sum();
    for _ in 0..=longest {
        if let Some(ty) = &types[at.0][at.1] {
            return Some(Some(ty.clone()));
        }
        let next = references[at.0].iter().find(|next| next.inline && next.columns[0] == at.1);
        match next {
            Some(next) => at = (next.table, next.references[0]),
            None => return Some(None),
        }
    }
    None
}
