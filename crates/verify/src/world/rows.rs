//! The rows that are there before anybody asks: they keep every constraint.

use super::grow::referenced;
use super::{Cell, Row, Table};
use crate::chance::Chance;

/// Rows for all tables.
pub(super) fn grow(chance: &mut Chance, tables: &[Table]) -> Vec<Vec<Row>> {
    let mut rows: Vec<Vec<Row>> = vec![Vec::new(); tables.len()];
    for (at, table) in tables.iter().enumerate() {
        for _ in 0..chance.below(13) {
            let row = draw(chance, tables, &rows, table);
            if let Some(row) = row
                && fits(table, &rows[at], &row)
            {
                rows[at].push(row);
            }
        }
    }
    rows
}

/// A row for a table, with references to rows that are there; none if one must be there and is not.
pub(crate) fn draw(
    chance: &mut Chance,
    tables: &[Table],
    rows: &[Vec<Row>],
    table: &Table,
) -> Option<Row> {
    let mut row = Row::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let null = column.null && chance.percent(25);
        row.push(match column.reference {
            _ if null => Cell::Null,
            Some(reference) => match referenced(chance, tables, rows, reference) {
                Some(cell) => cell,
                None if column.null => Cell::Null,
                None => return None,
            },
            None if table.tenant == Some(at) => {
                Cell::Text((*chance.pick(&["a", "a", "b"])).to_owned())
            }
            None if table.key.contains(&at) => column.kind.draw_key(chance),
            None => column.kind.draw(chance),
        });
    }
    Some(row)
}

/// No other row has the same values where they must be unique.
pub(crate) fn fits(table: &Table, rows: &[Row], row: &Row) -> bool {
    table.unique_sets().all(|set| !rows.iter().any(|other| same(set, other, row)))
}

/// Both rows have the same values there, none of them null.
pub(crate) fn same(set: &[usize], left: &Row, right: &Row) -> bool {
    set.iter().all(|at| !left[*at].is_null() && left[*at] == right[*at])
}
