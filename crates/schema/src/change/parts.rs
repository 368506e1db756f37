//! Constraints and indexes of one table in two versions, compared by the names of what they speak
//! of: positions move when a column is added.

use super::{Change, Pair, Step};
use crate::model::{ForeignKey, Index, Table};

const REWRITE: &str = "no row would be lost, but the table has to be rewritten";

pub(super) fn key(table: &Table) -> Vec<&str> {
    names(table, &table.primary_key.columns)
}

pub(super) fn names<'t>(table: &'t Table, columns: &[usize]) -> Vec<&'t str> {
    columns.iter().map(|at| table.columns[*at].name.as_str()).collect()
}

pub(super) fn uniques(pair: &mut Pair<'_>) {
    let list = |table: &Table| -> Vec<(String, String)> {
        let uniques = table.uniques.iter();
        uniques
            .map(|unique| (names(table, &unique.columns).join(", "), unique.name.clone()))
            .collect()
    };
    let (before, after) = (list(pair.before), list(pair.after));
    for (columns, name) in &after {
        match before.iter().find(|(other, _)| other == columns) {
            None => pair
                .refuse(&format!("making ({columns}) unique"), "rows that are equal may be there"),
            Some((_, other)) if other != name => {
                pair.record(&format!("the name of unique ({columns})"))
            }
            Some(_) => {}
        }
    }
    for (columns, _) in
        before.iter().filter(|(columns, _)| !after.iter().any(|(c, _)| c == columns))
    {
        pair.refuse(&format!("no longer keeping ({columns}) unique"), REWRITE);
    }
}

pub(super) fn checks(pair: &mut Pair<'_>) {
    let (before, after) = (&pair.before.checks, &pair.after.checks);
    for check in after.iter().filter(|check| !before.contains(check)) {
        let what = format!("adding check `{}`", check.name);
        pair.refuse(&what, "rows that break it may be there");
    }
    for check in before.iter().filter(|check| !after.contains(check)) {
        pair.refuse(&format!("dropping check `{}`", check.name), REWRITE);
    }
}

pub(super) fn foreign_keys(pair: &mut Pair<'_>) {
    let (old, new, before, after) = (pair.old, pair.new, pair.before, pair.after);
    let was: Vec<String> =
        before.foreign_keys.iter().map(|key| described(before, old, key)).collect();
    for key in &after.foreign_keys {
        let text = described(after, new, key);
        // The reference of a single new column comes with the column.
        let fresh = matches!(names(after, &key.columns).as_slice(),
            [name] if before.column(name).is_none());
        match was.iter().position(|other| *other == text) {
            None if !fresh => {
                let what = format!("adding reference {text}");
                pair.refuse(&what, "rows that point to nothing may be there");
            }
            Some(at) if before.foreign_keys[at].name != key.name => {
                pair.record(&format!("the name of reference {text}"));
            }
            _ => {}
        }
    }
    let is: Vec<String> = after.foreign_keys.iter().map(|key| described(after, new, key)).collect();
    for text in was.iter().filter(|text| !is.contains(text)) {
        pair.refuse(&format!("dropping reference {text}"), REWRITE);
    }
}

/// `(a, b) -> t(x, y)` with its actions.
fn described(table: &Table, tables: &[Table], key: &ForeignKey) -> String {
    let target = tables.get(key.table);
    let (name, columns) = match target {
        Some(target) => (target.name.as_str(), names(target, &key.references).join(", ")),
        None => ("?", String::new()),
    };
    let from = names(table, &key.columns).join(", ");
    let mut text = format!("({from}) -> {name}({columns})");
    for (word, action) in [("delete", key.on_delete), ("update", key.on_update)] {
        if let Some((action, _)) = crate::read::ACTIONS.iter().find(|(_, known)| *known == action)
            && *action != "no action"
        {
            text.push_str(&format!(" on {word} {action}"));
        }
    }
    text
}

pub(super) fn indexes(pair: &mut Pair<'_>) {
    let (before, after) = (pair.before, pair.after);
    let is_kept =
        |index: &Index| after.indexes.iter().any(|other| same(before, index, after, other));
    for index in before.indexes.iter().filter(|index| !is_kept(index)) {
        match index.unique {
            true => {
                let what = format!("dropping unique index `{}`", index.name);
                pair.refuse(&what, "rows that are equal could come in");
            }
            false => {
                let (table, name) = (before.name.clone(), index.name.clone());
                pair.changes.push(Change::Safe(Step::DropIndex { table, name }));
            }
        }
    }
    let was_there =
        |index: &Index| before.indexes.iter().any(|old| same(before, old, after, index));
    for (at, index) in after.indexes.iter().enumerate().filter(|(_, index)| !was_there(index)) {
        match index.unique {
            true => {
                let what = format!("adding unique index `{}`", index.name);
                pair.refuse(&what, "rows that are equal may be there");
            }
            false => {
                let step = Step::AddIndex { table: pair.at, index: at };
                pair.changes.push(Change::Safe(step));
            }
        }
    }
}

fn same(before: &Table, index: &Index, after: &Table, other: &Index) -> bool {
    let parts = |table: &Table, index: &Index| -> Vec<(String, bool)> {
        let parts = index.columns.iter();
        parts.map(|part| (table.columns[part.column].name.clone(), part.descending)).collect()
    };
    index.name == other.name
        && index.unique == other.unique
        && index.filter == other.filter
        && parts(before, index) == parts(after, other)
}
