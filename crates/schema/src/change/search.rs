//! Search indexes in two versions: they hold nothing that the rows do not, so they come and go
//! freely. All go before anything is made, for their names may be wanted by something else.

use std::collections::HashMap;

use super::parts::names;
use super::{Change, Step};
use crate::model::Table;

/// Those that are no longer wanted, or wanted with other columns.
pub(super) fn dropped(old: &[Table], new: &[Table]) -> Vec<Change> {
    let searched = old.iter().filter(|table| !table.search.is_empty());
    let kept = |table: &&Table| {
        let after = new.iter().find(|after| after.name == table.name);
        // A table that goes is refused with all that belongs to it.
        after.is_none_or(|after| same(table, after))
    };
    let gone = searched.filter(|table| !kept(table));
    gone.map(|table| Change::Safe(Step::DropSearch { table: table.name.clone() })).collect()
}

/// Those of tables that are there already; a new table comes with its own.
pub(super) fn made(before: &HashMap<&str, &Table>, new: &[Table]) -> Vec<Change> {
    let wanted = new.iter().enumerate().filter(|(_, table)| {
        let before = before.get(table.name.as_str());
        !table.search.is_empty() && before.is_some_and(|before| !same(before, table))
    });
    wanted.map(|(table, _)| Change::Safe(Step::MakeSearch { table })).collect()
}

fn same(before: &Table, after: &Table) -> bool {
    names(before, &before.search) == names(after, &after.search)
}
