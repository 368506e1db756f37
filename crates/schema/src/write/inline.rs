//! What of a table can be written at its columns, so that reading it gives the same names in the
//! same order; `table` writes the rest.

use crate::implied;
use crate::model::{ColumnAllow, Default, Index, Module, Table};
use crate::name::object_name;
use crate::types::Type;

/// The name is one that reading would not make.
pub(super) fn is_named(table: &Table, name: &str, columns: &[usize], label: &str) -> bool {
    let names: Vec<&str> = columns.iter().map(|at| table.columns[*at].name.as_str()).collect();
    !name.is_empty() && name != object_name(&table.name, &names.join("_"), label)
}

pub(super) fn key_is_unnamed(table: &Table) -> bool {
    !is_named(table, &table.primary_key.name, &[], "pkey")
}

/// The first column is just what a table without a key gets.
pub(super) fn has_made_key(table: &Table) -> bool {
    let Some(first) = table.columns.first() else {
        return false;
    };
    let plain = first.doc.is_none()
        && first.collation.is_none()
        && first.generated.is_none()
        && !first.readonly
        && first.allow == ColumnAllow::default();
    plain
        && !table.adopted
        && table.tenant != Some(0)
        && first.name == "id"
        && first.ty == Type::Uuid
        && !first.null
        && first.default == Some(Default::Uuid)
        && table.primary_key.columns == [0]
        && key_is_unnamed(table)
        && !table.foreign_keys.iter().any(|reference| reference.columns == [0])
        && !table.uniques.iter().any(|unique| unique.columns == [0])
        && !table
            .indexes
            .iter()
            .any(|index| index.columns.len() == 1 && index.columns[0].column == 0)
}

/// How many references, from the first, can stand at their columns: one column each, in order,
/// of the type of their target, which has its type from nowhere else.
pub(super) fn inline_references(module: &Module, at: usize) -> usize {
    let table = &module.tables[at];
    let mut last = None;
    let mut count = 0;
    for reference in &table.foreign_keys {
        let ([column], [target]) = (reference.columns.as_slice(), reference.references.as_slice())
        else {
            break;
        };
        let other = &module.tables[reference.table];
        let points_on = other.foreign_keys.iter().any(|next| next.columns == [*target]);
        let ascends = last.is_none_or(|last| last < *column);
        if points_on || !ascends || table.columns[*column].ty != other.columns[*target].ty {
            break;
        }
        last = Some(*column);
        count += 1;
    }
    count
}

pub(super) fn inline_uniques(table: &Table) -> usize {
    let mut last = None;
    let mut count = 0;
    for unique in &table.uniques {
        match unique.columns.as_slice() {
            [column]
                if last.is_none_or(|last| last < *column)
                    && !is_named(table, &unique.name, &unique.columns, "key") =>
            {
                last = Some(*column);
                count += 1;
            }
            _ => break,
        }
    }
    count
}

/// How many indexes, from the first, have to be written: reading makes the rest, for references.
pub(super) fn written_indexes(table: &Table) -> usize {
    let plain = |index: &Index| {
        let columns: Vec<usize> = index.columns.iter().map(|part| part.column).collect();
        let ascends = !index.columns.iter().any(|part| part.descending);
        let made = ascends && !index.unique && index.filter.is_none();
        (made && !is_named(table, &index.name, &columns, "idx")).then_some(columns)
    };
    let rest = |count: usize| -> Option<Vec<Vec<usize>>> {
        table.indexes[count..].iter().map(plain).collect()
    };
    let makes = |count: &usize| {
        let references = table.foreign_keys.iter().map(|key| key.columns.as_slice());
        let uniques = table.uniques.iter().map(|unique| unique.columns.as_slice());
        let unique = std::iter::once(table.primary_key.columns.as_slice()).chain(uniques);
        rest(*count) == Some(implied::columns(references, unique, &table.indexes[..*count]))
    };
    let all = table.indexes.len();
    if table.adopted { all } else { (0..=all).find(makes).unwrap_or(all) }
}

pub(super) fn inline_indexes(table: &Table) -> usize {
    let mut last = None;
    let mut count = 0;
    for index in &table.indexes[..written_indexes(table)] {
        match index.columns.as_slice() {
            [part]
                if last.is_none_or(|last| last < part.column)
                    && !part.descending
                    && !index.unique
                    && index.filter.is_none()
                    && !is_named(table, &index.name, &[part.column], "idx") =>
            {
                last = Some(part.column);
                count += 1;
            }
            _ => break,
        }
    }
    count
}
