//! Whether references are possible: the target unique, the types alike, and the actions such that
//! the column can bear them. Comes after `references` found what they point to.

use super::Types;
use super::constraints::Parts;
use super::lookup::Tables;
use super::references::Resolved;
use crate::mistake::{Found, Mistake};
use crate::model::Action;

/// Whether targets are unique and of the same type, and actions possible.
pub(super) fn check(
    tables: &Tables<'_, '_>,
    parts: &[Parts],
    references: &[Vec<Resolved<'_>>],
    types: &Types,
    found: &mut Found,
) {
    for (table, resolved) in references.iter().enumerate() {
        // An adopted table is kept as it was found, and its database lives with these.
        if tables.sketches[table].adopted {
            continue;
        }
        for reference in resolved {
            check_unique(tables, &parts[reference.table], reference, found);
            check_types(tables, table, reference, types, found);
            check_actions(tables, table, reference, found);
        }
    }
}

fn check_unique(
    tables: &Tables<'_, '_>,
    target: &Parts,
    reference: &Resolved<'_>,
    found: &mut Found,
) {
    let wanted = &reference.references;
    let same = |columns: &[usize]| {
        columns.len() == wanted.len() && columns.iter().all(|at| wanted.contains(at))
    };
    if same(&tables.keys[reference.table]) || target.unique_sets().any(|set| same(&set)) {
        return;
    }
    let sketch = &tables.sketches[reference.table];
    let names: Vec<&str> =
        wanted.iter().map(|at| sketch.columns[*at].name.value.as_str()).collect();
    let names = names.join(", ");
    let message =
        format!("`{}({names})` is not unique, so nothing can point to it", sketch.name.value);
    let hint = match wanted.len() {
        1 => format!("add `unique = true` to `{names}`"),
        _ => format!("add `unique = [[…]]` with these columns to table `{}`", sketch.name.value),
    };
    let place = reference.sketch.target.place();
    found.add(Mistake::new(place, "reference-not-unique", message).hint(hint));
}

fn check_types(
    tables: &Tables<'_, '_>,
    table: usize,
    reference: &Resolved<'_>,
    types: &Types,
    found: &mut Found,
) {
    for (from, to) in reference.columns.iter().zip(&reference.references) {
        let (Some(ours), Some(theirs)) = (&types[table][*from], &types[reference.table][*to])
        else {
            continue;
        };
        if ours != theirs {
            let name = &tables.sketches[table].columns[*from].name.value;
            let target = &tables.sketches[reference.table];
            let message = format!(
                "column `{name}` is `{ours}`, but `{}({})` is `{theirs}`",
                target.name.value, target.columns[*to].name.value
            );
            found.add(Mistake::new(reference.sketch.place, "reference-type", message));
        }
    }
}

fn check_actions(
    tables: &Tables<'_, '_>,
    table: usize,
    reference: &Resolved<'_>,
    found: &mut Found,
) {
    let sketch = &tables.sketches[table];
    let actions =
        [("on_delete", &reference.sketch.on_delete), ("on_update", &reference.sketch.on_update)];
    for (key, action) in actions {
        let Some(action) = action else { continue };
        for at in &reference.columns {
            let column = &sketch.columns[*at];
            let name = &column.name.value;
            let nullable = column.null.as_ref().is_some_and(|null| null.value)
                && !tables.keys[table].contains(at);
            let (message, hint) = match action.value {
                Action::SetNull if !nullable => (
                    format!("`{key}` would set `{name}` to null, which it does not allow"),
                    "add `null = true`, or write \"restrict\" or \"cascade\"",
                ),
                Action::SetDefault if column.default.is_none() && !nullable => (
                    format!("`{key}` would set `{name}` to its default, and it has none"),
                    "add a `default`, or write \"restrict\" or \"cascade\"",
                ),
                _ => continue,
            };
            found.add(Mistake::new(action.place, "action-impossible", message).hint(hint));
        }
    }
}
