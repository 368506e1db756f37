//! `search` of a table: which columns it may name.

use super::lookup::Tables;
use crate::mistake::{Found, Mistake};
use crate::types::Type;

/// The columns whose words can be looked for; their types are unknown where a mistake was noted.
pub(super) fn columns(
    tables: &Tables<'_, '_>,
    at: usize,
    types: &[Option<Type>],
    found: &mut Found,
) -> Vec<usize> {
    let table = &tables.sketches[at];
    let Some(search) = &table.search else {
        return Vec::new();
    };
    if table.adopted {
        let message =
            format!("table `{}` is adopted, so it cannot have a `search`", table.name.value);
        let hint = "adopted tables are kept as they are; look for words with `like` or `ilike`";
        found.add(Mistake::new(search.place, "search-adopted", message).hint(hint));
        return Vec::new();
    }
    let columns = tables.columns(at, &search.columns, "`search`", search.place, found);
    let columns = columns.unwrap_or_default();
    for (name, column) in search.columns.iter().zip(&columns) {
        if let Some(ty) = types[*column].as_ref().filter(|ty| **ty != Type::Text) {
            let message = format!("`search` finds words in text, and `{}` is `{ty}`", name.value);
            found.add(Mistake::new(name.place, "search-type", message));
        }
    }
    refuse_taken(tables, at, &columns, found);
    columns
}

/// Names that the engine gives to columns of its own beside those of the index.
fn refuse_taken(tables: &Tables<'_, '_>, at: usize, columns: &[usize], found: &mut Found) {
    let table = &tables.sketches[at];
    let index = format!("{}_search", table.name.value);
    let taken = |column: &usize, names: &[&str]| {
        let name = &table.columns[*column].name.value;
        names.iter().any(|taken| taken.eq_ignore_ascii_case(name))
    };
    let words = columns.iter().filter(|column| taken(column, &["rank", "rowid", &index]));
    let key = tables.keys[at].iter().filter(|column| taken(column, &["rowid"]));
    for column in words.chain(key) {
        let name = &table.columns[*column].name;
        let message = format!("a table with `search` cannot use a column `{}` for it", name.value);
        let hint = "the index has a column of its own by that name: call this one otherwise";
        found.add(Mistake::new(name.place, "search-column", message).hint(hint));
    }
}
