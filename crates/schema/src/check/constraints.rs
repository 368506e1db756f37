//! Unique constraints and indexes by column position: which sets of columns no two rows share is
//! needed to know what references may point to. Their names come from `namer`.

use super::lookup::Tables;
use crate::implied;
use crate::mistake::{Found, Placed};
use crate::model::{Index, IndexColumn};

/// What is known of a table's constraints before they have names.
pub(super) struct Parts {
    pub uniques: Vec<(Vec<usize>, Option<Placed<String>>)>,
    pub indexes: Vec<(Index, Option<Placed<String>>)>,
}

impl Parts {
    /// Adds the indexes that the references need and nobody declared.
    pub fn imply<'r>(&mut self, key: &[usize], references: impl Iterator<Item = &'r [usize]>) {
        let uniques = self.uniques.iter().map(|(columns, _)| columns.as_slice());
        let unique = std::iter::once(key).chain(uniques);
        let indexes = self.indexes.iter().map(|(index, _)| index);
        for columns in implied::columns(references, unique, indexes) {
            let part = |column| IndexColumn { column, descending: false };
            let columns = columns.into_iter().map(part).collect();
            let index = Index { name: String::new(), columns, unique: false, filter: None };
            self.indexes.push((index, None));
        }
    }

    /// Column sets that no two rows share, apart from the primary key.
    pub fn unique_sets(&self) -> impl Iterator<Item = Vec<usize>> {
        let indexes = self.indexes.iter().map(|(index, _)| index);
        let full = indexes.filter(|index| index.unique && index.filter.is_none());
        let parts = full.map(|index| index.columns.iter().map(|part| part.column).collect());
        self.uniques.iter().map(|(columns, _)| columns.clone()).chain(parts)
    }
}

/// Those of columns first, then those of the table.
pub(super) fn resolve(tables: &Tables<'_, '_>, table: usize, found: &mut Found) -> Parts {
    let sketch = &tables.sketches[table];
    let mut parts = Parts { uniques: Vec::new(), indexes: Vec::new() };
    for (at, column) in sketch.columns.iter().enumerate() {
        if column.unique.is_some() {
            parts.uniques.push((vec![at], None));
        }
        if column.index.is_some() {
            let columns = vec![IndexColumn { column: at, descending: false }];
            let index = Index { name: String::new(), columns, unique: false, filter: None };
            parts.indexes.push((index, None));
        }
    }
    for unique in &sketch.uniques {
        let what = "the unique constraint";
        if let Some(columns) = tables.columns(table, &unique.columns, what, unique.place, found) {
            parts.uniques.push((columns, unique.name.clone()));
        }
    }
    declared_indexes(tables, table, &mut parts, found);
    parts
}

/// The `indexes` of the table.
fn declared_indexes(tables: &Tables<'_, '_>, table: usize, parts: &mut Parts, found: &mut Found) {
    for index in &tables.sketches[table].indexes {
        let split: Vec<(Placed<String>, bool)> =
            index.parts.iter().map(|part| direction(tables, table, part)).collect();
        let names: Vec<Placed<String>> = split.iter().map(|(name, _)| name.clone()).collect();
        if let Some(columns) = tables.columns(table, &names, "the index", index.place, found) {
            let both = columns.into_iter().zip(&split);
            let columns = both.map(|(column, (_, down))| IndexColumn { column, descending: *down });
            let (columns, filter) = (columns.collect(), index.filter.clone());
            let made = Index { name: String::new(), columns, unique: index.unique, filter };
            parts.indexes.push((made, index.name.clone()));
        }
    }
}

/// `price desc` into its parts, unless a column is called just that.
fn direction(
    tables: &Tables<'_, '_>,
    table: usize,
    part: &Placed<String>,
) -> (Placed<String>, bool) {
    let split = part.value.rsplit_once(' ').filter(|_| tables.column(table, &part.value).is_none());
    let (name, descending) = match split {
        Some((name, word)) if word.eq_ignore_ascii_case("desc") => (name.trim_end(), true),
        Some((name, word)) if word.eq_ignore_ascii_case("asc") => (name.trim_end(), false),
        _ => (part.value.as_str(), false),
    };
    (Placed::new(name.to_owned(), part.place), descending)
}
